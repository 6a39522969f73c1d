package keys

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/statveil/statveil/pseudonym"
)

// secretSize is the bytes of the secret of a key version.
const secretSize = 32

// formatVersion is that of the document below.
const formatVersion = 1

// format writes keyrings as the document that a key file is:
//
//	{
//	  "version": 1,
//	  "keyrings": {
//	    "default": [
//	      {"number": 1, "from": "2026-11-24T09:00:00Z", "secret": "..."}
//	    ]
//	  }
//	}
func format(all keyrings) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\n  \"version\": %d,\n  \"keyrings\": {", formatVersion)
	for i, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%s\n    %q: [", comma(i), name)
		for j, v := range all[name] {
			fmt.Fprintf(&b, "%s\n      {\"number\": %d, \"from\": %q, \"secret\": %q}",
				comma(j), v.Number, v.From.UTC().Format(time.RFC3339Nano), base64.StdEncoding.EncodeToString(v.Secret))
		}
		b.WriteString("\n    ]")
	}
	b.WriteString("\n  }\n}\n")
	return b.Bytes()
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}

// parse reads the document. It takes exactly what format writes, in any white
// space and order: a name that is unknown or given twice is a mistake, because a
// key that is silently left out is a key that is lost. Errors name lines, fields
// and key versions, and repeat nothing that may be a secret in the wrong place.
func parse(data []byte) (keyrings, error) {
	d := &document{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	d.dec.UseNumber()
	all := make(keyrings)
	version := ""
	err := d.object([]string{"version", "keyrings"}, func(field string) (err error) {
		if field == "version" {
			version, err = d.number()
			return err
		}
		return d.object(nil, func(name string) (err error) {
			if name != pseudonym.Global && !pseudonym.ValidTenant(name) {
				return d.wrong("a keyring has a malformed name")
			}
			all[name], err = d.versions()
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	if _, err := d.dec.Token(); err != io.EOF {
		return nil, d.wrong("something follows the document")
	}
	if version != strconv.Itoa(formatVersion) {
		return nil, fmt.Errorf("the format of the file is not version %d: a later statveil may have written it", formatVersion)
	}
	if len(all) == 0 {
		return nil, errors.New("there is no keyring in it")
	}
	return all, nil
}

// document reads JSON token by token: encoding/json's own way into a struct
// takes the last of two members of one name, and names in any case.
type document struct {
	data []byte
	dec  *json.Decoder
}

// wrong is a mistake at the line that has been read so far.
func (d *document) wrong(what string) error {
	line := 1 + bytes.Count(d.data[:d.dec.InputOffset()], []byte("\n"))
	return fmt.Errorf("line %d: %s", line, what)
}

func (d *document) token() (json.Token, error) {
	t, err := d.dec.Token()
	switch {
	case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, d.wrong("the file ends too early")
	case err != nil: // its text quotes what stands there
		return nil, d.wrong("this is not JSON")
	}
	return t, nil
}

func (d *document) delim(want json.Delim, what string) error {
	t, err := d.token()
	if err == nil && t != want {
		err = d.wrong("here must stand " + what)
	}
	return err
}

// object reads an object. Its names must be these, all of them; nil: any.
func (d *document) object(names []string, member func(name string) error) error {
	if err := d.delim('{', "an object"); err != nil {
		return err
	}
	seen := make(map[string]bool)
	for d.dec.More() {
		t, err := d.token()
		if err != nil {
			return err
		}
		name := t.(string) // or the token would have been an error
		switch {
		case seen[name]:
			return d.wrong("a name is given twice")
		case names != nil && !slices.Contains(names, name):
			return d.wrong("unknown field: there are " + strings.Join(names, ", "))
		}
		seen[name] = true
		if err := member(name); err != nil {
			return err
		}
	}
	if err := d.delim('}', "the end of an object"); err != nil {
		return err
	}
	for _, name := range names {
		if !seen[name] {
			return d.wrong(name + " is missing")
		}
	}
	return nil
}

// versions reads the key versions of one keyring.
func (d *document) versions() (all []pseudonym.Version, err error) {
	if err := d.delim('[', "a list of key versions"); err != nil {
		return nil, err
	}
	for d.dec.More() {
		var v pseudonym.Version
		err := d.object([]string{"number", "from", "secret"}, func(field string) (err error) {
			switch field {
			case "number":
				v.Number, err = d.versionNumber()
			case "from":
				v.From, err = d.time()
			default:
				v.Secret, err = d.secret()
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, d.delim(']', "the end of a list")
}

func (d *document) number() (string, error) {
	t, err := d.token()
	n, ok := t.(json.Number)
	if err == nil && !ok {
		err = d.wrong("here must stand a number")
	}
	return n.String(), err
}

func (d *document) versionNumber() (uint16, error) {
	text, err := d.number()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, d.wrong("number is not in 1 to 32767")
	}
	return uint16(n), nil
}

func (d *document) text(field string) (string, error) {
	t, err := d.token()
	s, ok := t.(string)
	if err == nil && !ok {
		err = d.wrong(field + " must be a text")
	}
	return s, err
}

func (d *document) time() (time.Time, error) {
	text, err := d.text("from")
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339, text)
	t = t.UTC()
	if year := t.Year(); err != nil || year < 1 || year > 9999 { // the error's text quotes the value
		return time.Time{}, d.wrong("from is no time: write it like 2026-11-24T09:00:00Z")
	}
	return t, nil
}

func (d *document) secret() ([]byte, error) {
	text, err := d.text("secret")
	if err != nil {
		return nil, err
	}
	secret, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") { // line ends are ignored by the decoder
		return nil, d.wrong("secret is not base64")
	}
	if len(secret) != secretSize {
		return nil, d.wrong("secret has not 32 bytes")
	}
	return secret, nil
}
