package rules

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// jsonSyntax is the oracle of bodies: gjson finds the places, sjson makes the
// document that must arrive. Neither is what the proxy rewrites with.
var jsonSyntax = syntax{
	end: func(arrived string, at int, _ string, _ bool) int {
		d := json.NewDecoder(strings.NewReader(arrived[at:]))
		var raw json.RawMessage
		if d.Decode(&raw) != nil || arrived[at] == ' ' {
			return -1
		}
		return at + int(d.InputOffset())
	},
	read: func(raw string) []meaning {
		v := gjson.Parse(raw)
		if v.Type == gjson.String {
			return []meaning{{v.Str, false}}
		}
		return []meaning{{raw, true}}
	},
	write: quoted,
	build: setAll,
	space: " \t\r\n",
	typed: true,
}

// json compares two JSON texts, or lines and sequences of them.
func (c *check) json(at, sent, arrived string, changes []change) {
	texts := jsonTexts(sent)
	if texts == nil {
		c.fail(Failure{Place: changes[0].text, Message: "what was sent there is not JSON", Sent: short(sent)})
		return
	}
	var holes []hole
	for _, change := range changes {
		var found []hole
		for _, t := range texts {
			places := locate(gjson.Parse(sent[t.start:t.end]), change, []string{})
			for _, h := range places {
				h.start, h.end, h.before = h.start+t.start, h.end+t.start, h.before+t.start
				if len(texts) > 1 {
					h.path = "" // of another text
				}
				found = append(found, h)
			}
		}
		holes = c.add(holes, change, found)
	}
	for i, h := range holes { // white space may go with what is removed, or stay
		for h.removed && h.start > 0 && strings.IndexByte(jsonSyntax.space, sent[h.start-1]) >= 0 {
			h.start--
		}
		for h.removed && h.end < len(sent) && strings.IndexByte(jsonSyntax.space, sent[h.end]) >= 0 {
			h.end++
		}
		holes[i] = h
	}
	c.fill(at, jsonSyntax, sent, arrived, holes)
}

// jsonTexts returns the JSON texts of a document: one, or one a line.
func jsonTexts(doc string) []span {
	if gjson.Valid(doc) {
		return []span{{0, len(doc)}}
	}
	var all []span
	at := 0
	for line := range strings.Lines(doc) {
		text := strings.TrimLeft(line, "\x1e \t\r\n") // a record separator: RFC 7464
		start := at + len(line) - len(text)
		at += len(line)
		if text == "" {
			continue
		}
		if !gjson.Valid(text) {
			return nil
		}
		all = append(all, span{start, at})
	}
	return all
}

// locate finds every place that a change names: duplicates of a member count. The
// path is how sjson gets to v; nil where it does not.
func locate(v gjson.Result, c change, path []string) (found []hole) {
	if len(c.legs) == 0 || c.legs[0].step && c.legs[0].name != keys {
		h := hole{start: v.Index, end: v.Index + len(strings.TrimRight(v.Raw, jsonSyntax.space)), path: strings.Join(path, ".")}
		h.changes = []change{c}
		return []hole{h}
	}
	leg := c.legs[0]
	renamed := leg.step
	if renamed {
		leg = c.legs[1]
	}
	var entries []span
	var values []gjson.Result
	var meant []int
	v.ForEach(func(key, value gjson.Result) bool {
		start, name := value.Index, strconv.Itoa(len(entries))
		if v.IsObject() {
			start, name = key.Index, key.Str
		}
		if name == leg.name && (v.IsObject() || !renamed) {
			meant = append(meant, len(entries))
		}
		entries = append(entries, span{start, value.Index + len(value.Raw)})
		values = append(values, value)
		return true
	})
	for _, i := range meant {
		below := c
		switch {
		case renamed:
			below.legs = c.legs[2:]
			end := entries[i].start + len(gjson.Parse(v.Raw[entries[i].start-v.Index:]).Raw)
			found = append(found, hole{start: entries[i].start, end: end, changes: []change{below}})
		case len(c.legs) == 1 && c.want[0].removed:
			h := remove(entries, i)
			below.legs = nil
			h.changes = []change{below}
			found = append(found, h)
		default:
			below.legs = c.legs[1:]
			to := append(slices.Clip(path), gjson.Escape(leg.name))
			if path == nil || i != meant[0] {
				to = nil // sjson goes to the first of duplicates
			}
			found = append(found, locate(values[i], below, to)...)
		}
	}
	return found
}

// setAll sets the values with sjson, the last first. What sjson does not reach is
// spliced: it sets the first of duplicate members, renames none, and cannot say
// what white space is left where something was removed.
func setAll(sent string, holes []hole, raws []string) string {
	doc := sent
	for i := len(holes) - 1; i >= 0; i-- {
		h := holes[i]
		if h.path != "" && h.path[0] != ':' && !strings.Contains(h.path, ".:") && gjson.Get(doc, h.path).Index == h.start {
			if set, err := sjson.SetRaw(doc, h.path, raws[i]); err == nil {
				doc = set
				continue
			}
		}
		doc = doc[:h.start] + raws[i] + doc[h.end:]
	}
	return doc
}
