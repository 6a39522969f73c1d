package rules

import "github.com/statveil/statveil/rules/detect"

// dialects are the escapes that a reader of a text may undo: all of them, those of
// JSON or a relative of it alone, those of a form alone. Where one undoes what
// another leaves, they read different things: \u002b12025550143%31 is a phone
// number, and one digit more.
var dialects = []escapeKinds{percentEscapes | jsonEscapes | htmlEscapes | lenientEscapes, jsonEscapes | lenientEscapes, jsonEscapes, percentEscapes}

// findDeep finds in text[start:end] what any reader may read there, by the places
// in text: in t.spans. What one dialect finds first is not found again by another.
func (t *treater) findDeep(rule *Rule, find *detect.Finder, text string, start, end int) {
	var found []candidate
	for _, d := range dialects {
		l := looker{finder: find, any: rule.any, escapes: d}
		found = merge(found, l.look(&layer{text: text[start:end]}))
	}
	t.spans = t.spans[:0]
	for _, c := range found {
		t.spans = append(t.spans, detect.Span{Name: c.kind, Start: start + c.start, End: start + c.end, Canonical: c.canonical})
	}
}

// maxRounds is how often what stands between the findings is looked at. Once is
// enough for what people write.
const maxRounds = 4

var errDeep = &Error{Reason: Unsafe, Detail: "what is left of the text when personal data is replaced is personal data again and again", Body: true}

// lookDeep looks at what stands between what was found, until there is nothing.
func (t *treater) lookDeep(look *Rule, text string) error {
	for range maxRounds {
		before := len(t.edits)
		if t.between(look, text); len(t.edits) == before {
			return t.refuseTokens(look, text)
		}
	}
	return errDeep
}
