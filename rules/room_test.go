package rules

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// crowds are bodies of some megabytes that take many times their size to be read or
// rewritten, if nobody minds.
func crowds() map[string]string {
	var addresses strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&addresses, "9.%d.%d.%d ", i>>16&255, i>>8&255, i&255)
	}
	list := addresses.String()
	return map[string]string{
		"many texts":              `["` + strings.ReplaceAll(list, " ", `","`) + `"]`,
		"one text":                `["` + list + `"]`,
		"names":                   `{"` + strings.ReplaceAll(list, " ", `":0,"`) + `":0}`,
		"one text, escaped":       `["\u0020` + list + `"]`,
		"one text, encoded":       `["%20` + list + `"]`,
		"plain text":              list,
		"a form":                  "a=" + strings.ReplaceAll(list, " ", "+"),
		"encoded again and again": `["` + strings.Repeat("%252525252525", 200_000) + `"]`,
		"an escape at the end":    `["` + strings.Repeat("x+", 1<<20) + `%2525252525"]`,
		"JSON in a string":        `{"s":"[` + strings.Repeat(`\"anna@example.com\",`, 100_000) + `1]"}`,
		"a tenant":                `{` + strings.Repeat(`"tenant":"t",`, 200_000) + `"x":1}`,
	}
}

// TestRoom: who has little room is refused before more is taken than there is; and
// nothing is asked for that is not needed.
func TestRoom(t *testing.T) {
	set := parse(t, "version: 1\ntenant: body.tenant\nroutes:\n  - {name: r, match: POST /, rules: [{at: body.s.@fromstr.#}]}\n")
	types := map[string]string{"plain text": "text/plain", "a form": "application/x-www-form-urlencoded"}
	refused := errors.New("no room")
	for name, body := range crowds() {
		t.Run(name, func(t *testing.T) {
			try := func(most int) (asked int, allocated uint64, err error) {
				msg := &Message{Method: "POST", Path: "/", Body: []byte(body), Header: map[string][]string{}, Room: func(bytes int) error {
					if asked += bytes; asked > most {
						return refused
					}
					return nil
				}}
				if m := types[name]; m != "" {
					msg.Header["Content-Type"] = []string{m}
				}
				m, err := set.Match(msg)
				if err != nil || m == nil {
					t.Fatal(m, err)
				}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				if err = m.Read(); err == nil {
					err = m.Rewrite(nil, toToken)
				}
				runtime.ReadMemStats(&after)
				return asked, after.TotalAlloc - before.TotalAlloc, err
			}
			const little = 1 << 20
			_, took, err := try(little)
			if !errors.Is(err, refused) {
				t.Errorf("with little room: got %v, want %v", err, refused)
			}
			// What it took before it was refused was thrown away meanwhile, or is small.
			if took > 8*little {
				t.Errorf("with room for %d bytes it took %d", little, took)
			}
			asked, took, err := try(1 << 40)
			if err != nil {
				t.Errorf("with all room: %v", err)
			}
			if asked < len(body)/2 && name != "a tenant" {
				t.Errorf("it asked for %d bytes to rewrite a body of %d, and took %d", asked, len(body), took)
			}
		})
	}
}

// TestRoomForTheUsual: what most bodies are takes next to nothing beside them.
func TestRoomForTheUsual(t *testing.T) {
	set := parse(t, "version: 1\nroutes:\n  - {name: r, match: POST /}\n")
	body := `[` + strings.Repeat(`{"ssrc":1234567890,"label":"audio \u00e9","url":"https://example.com/a%20b"},`, 10_000) + `1]`
	asked := 0
	msg := &Message{Method: "POST", Path: "/", Body: []byte(body), Room: func(bytes int) error { asked += bytes; return nil }}
	m, err := set.Match(msg)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Rewrite(nil, toToken); err != nil {
		t.Fatal(err)
	}
	if asked > 64<<10 {
		t.Errorf("it asked for %d bytes, in which nothing is found", asked)
	}
}

// TestRoomOfEnclosed: the texts that one value encloses are held until it is done.
func TestRoomOfEnclosed(t *testing.T) {
	set := parse(t, "version: 1\nroutes:\n  - {name: r, match: POST /}\n")
	const texts, size = 150, 40 << 10 // no more is unpacked of a message
	body := `{"a":"` + strings.Repeat("nothing here. ", texts*size/100) + strings.Repeat(gzip64(anna+strings.Repeat(" ", size))+" ", texts) + `"}`
	asked, most := 0, 0
	msg := &Message{Method: "POST", Path: "/", Body: []byte(body), Room: func(bytes int) error {
		asked += bytes
		most = max(most, asked)
		return nil
	}}
	m, err := set.Match(msg)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Rewrite(nil, toToken); err != nil {
		t.Fatal(err)
	}
	if most < texts*size {
		t.Errorf("it asked for %d bytes at most, to hold %d", most, texts*size)
	}
}
