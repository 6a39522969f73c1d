package rules

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestEntityInPieces: where an entity is encoded once more here and there, the & that
// begins it does not take what follows it with it, up to the end of the next entity.
func TestEntityInPieces(t *testing.T) {
	r := route(t, "")
	for in, want := range map[string]string{
		`(+1202&\u0023x35\u003b55014&#51;)`:                 `(` + token + `)`,
		`(+1202&%23x35;55014&#51;)`:                         `(` + token + `)`,
		`a & b\u003b c &#43;12025550143;`:                   `a & b\u003b c ` + token + `;`,
		`R&D +1202555014&#51;`:                              `R&D ` + token,
		`DE81-3704-&\u0023x30\u003b044-8695-033&#57;-82`:    token,
		`{"v":"(+1202&\u0023x35\u003b55014&#51;) &amp; 3"}`: `{"v":"(` + token + `) &amp; 3"}`,
	} {
		for encoded := range 3 {
			quoted, _ := json.Marshal(in)
			got, err := r.Body(nil, quoted, toToken)
			var text string
			if err == nil {
				err = json.Unmarshal(got, &text)
			}
			for range encoded {
				text = strings.NewReplacer("%25", "%", "%26", "&", "%5C", `\`).Replace(text)
			}
			if err != nil || text != want {
				t.Errorf("%s: got %s, %v, want %s", quoted, text, err, want)
			}
			in = strings.NewReplacer("%", "%25", "&", "%26", `\`, "%5C").Replace(in)
		}
	}
}
