package rules

import (
	"fmt"
	"testing"
)

// TestWantsShape: which findings may have a shape, and how much of them stays.
func TestWantsShape(t *testing.T) {
	const file = `
version: 1
detectors:
  dialled: {kind: phone, bare: true}
  digits: {pattern: '[0-9]{6}'}
routes:
  - name: r
    match: POST /r
    rules:
      - {at: body.usual}
      - {at: body.token, as: token}
      - {at: body.shape, as: shape}
      - {at: body.back, reversible: true}
      - {at: body.find, find: [dialled, any], as: shape}
      - {at: body.dialled, find: dialled}
      - {at: body.digits, find: digits}
      - {at: body.general, do: generalize, as: shape}
      - {at: body.mask, do: mask}
`
	set, err := Parse(File{"r.yaml", []byte(file)})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ body, want string }{
		{`{"usual":"+12025550143"}`, "no"},
		{`{"usual":1000000000}`, "1000000000 0"},
		{`{"usual":1e9}`, "1000000000 0"},
		{`{"usual":41.25}`, "41.25 0"}, // a keyring says that it has none
		{`{"usual":"{\"a\":1}"}`, "no"},
		{`{"token":"+12025550143"}`, "no"},
		{`{"token":1000000000}`, "no"},
		{`{"back":1000000000}`, "no"},
		{`{"mask":1000000000}`, "no"},
		{`{"shape":"+1 (202) 555-0143"}`, "+12025550143 2"},
		{`{"shape":"tel:+44 20 7946 0018"}`, "+442079460018 3"},
		{`{"shape":"+358 40 123 4567"}`, "+358401234567 4"},
		{`{"shape":"+999123456789"}`, "+999123456789 0"}, // no country
		{`{"shape":"+1"}`, "+1 2"},
		{`{"shape":"+"}`, "+ 0"},
		{`{"shape":"+12a"}`, "+12a 0"},
		{`{"shape":"Anna@EXAMPLE.com"}`, "Anna@example.com 0"},
		{`{"shape":"call anna@example.com"}`, "no"},
		{`{"shape":"room@conference.example.com"}`, "no"},
		{`{"shape":"sip:anna@example.com"}`, "no"},
		{`{"shape":"a%b&c\\d"}`, `a%b&c\d 0`}, // taken whole: decoded, as far as anybody knows
		{`{"find":"call +12025550143"}`, "+12025550143 2"},
		{`{"find":"%2B12025550143"}`, "+12025550143 2"},
		{`{"find":12025550143}`, "+12025550143 2"},
		{`{"find":-12025550143}`, "no"},
		{`{"dialled":"12025550143"}`, "no"},
		{`{"dialled":12025550143}`, "+12025550143 2"},
		{`{"digits":123456}`, "123456 0"},
		{`{"digits":1234567}`, "no"},
		{`{"look":"+12025550143"}`, "no"},
		{`{"general":1000000000}`, "1000000000 0"}, // which is no place: it is pseudonymized
		{`{"general":"+12025550143"}`, "+12025550143 2"},
		{`{"general":"192.0.2.7"}`, "no"},
	} {
		var got []string
		_, err := set.Route("r").Body(nil, []byte(tt.body), func(f *Finding) (string, error) {
			keep, ok := f.Shape()
			if !ok {
				got = append(got, "no")
				return "psn_x", nil
			}
			if again, _ := f.Shape(); again != keep {
				t.Errorf("%s: %d stay, and then %d", tt.body, keep, again)
			}
			got = append(got, fmt.Sprintf("%s %d", f.Canonical(), keep))
			return "654321", nil
		})
		if err != nil || len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s: got %q, %v, want %q", tt.body, got, err, tt.want)
		}
	}
}

// TestNumberForNumber: what takes the place of a whole number is a number where JSON
// has it as one, else a string. What is in JSON in a string is no exception.
func TestNumberForNumber(t *testing.T) {
	set, err := Parse(File{"r.yaml", []byte(`
version: 1
detectors: {digits: {pattern: '[0-9]{3}'}}
routes:
  - name: r
    match: POST /r
    rules:
      - {at: body.find, find: digits}
      - {at: [body.n, body.s.@fromstr.n]}
`)})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ in, with, want string }{
		{`{"n":123}`, "987", `{"n":987}`},
		{`{"n":-1.5e3}`, "-987", `{"n":-987}`},
		{`{"n":1.5e3}`, "987.5", `{"n":987.5}`},
		{`{"n":123}`, "psn_a", `{"n":"psn_a"}`},
		{`{"n":123}`, "", `{"n":""}`},
		{`{"n":123}`, "-", `{"n":"-"}`},
		{`{"n":123}`, "0123", `{"n":"0123"}`},
		{`{"n":123}`, "1e", `{"n":"1e"}`},
		{`{"n":123}`, "1.", `{"n":"1."}`},
		{`{"n":123}`, "+1", `{"n":"+1"}`},
		{`{"n":123}`, "1 ", `{"n":"1 "}`},
		{`{"n":123}`, "1,2", `{"n":"1,2"}`},
		{`{"n":123}`, "a\"b", `{"n":"a\"b"}`},
		{`{"n":"123"}`, "987", `{"n":"987"}`},
		{`{"s":"{\"n\":123}"}`, "987", `{"s":"{\"n\":987}"}`},
		{`{"find":123}`, "987", `{"find":987}`},
		{`{"find":1234}`, "987", `{"find":"9874"}`},
		{`{"find":123123}`, "987", `{"find":"987987"}`},
		{`{"n":123}`, "123", `{"n":123}`},
		{`{"n":1.23e2}`, "1.23e2", `{"n":1.23e2}`}, // it stays
	} {
		got, err := set.Route("r").Body(nil, []byte(tt.in), func(f *Finding) (string, error) { return tt.with, nil })
		if err != nil || string(got) != tt.want {
			t.Errorf("%s with %q: got %s, %v, want %s", tt.in, tt.with, got, err, tt.want)
		}
	}
}
