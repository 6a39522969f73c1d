package rules

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// errPart is about a part of a form that is no text.
var errPart = &Error{Reason: Encoding, Detail: "a part of the form is not text; nothing else is inspected here", Body: true}

// parts treats the parts of a multipart body and writes it anew: what stands
// before and behind them is left out.
func (w *walker) parts(body []byte, boundary string, most int) (string, error) {
	parts, start, end, err := splitMultipart(body, boundary, most)
	if err != nil || len(parts) == 0 {
		return string(body[start:end]), err
	}
	a, all := w.auto, w.planAt(0)
	delimiter := "--" + boundary + "\r\n"
	out := append([]byte(nil), body[start:parts[0].header.start-len(delimiter)]...)
	kept := 0
	for i := range parts {
		p := &parts[i]
		place := func() string { return "form." + p.nameText }
		w.auto = a
		plan := w.memberPlan(all, 0, p.nameText)
		if !utf8.Valid(p.body.of(body)) {
			if plan.node == nil {
				return "", errPart
			}
			w.t.place = place
			if err := w.t.drop(plan.node); err != nil {
				return "", err
			}
			continue
		}
		content, err := w.part(plan, view(p.body.of(body)), place)
		if err != nil {
			return "", err
		}
		if w.t.removed {
			continue
		}
		w.t.place = place
		out = append(out, delimiter...)
		if out, err = w.t.partHeader(out, all, p, body, len(content)); err != nil {
			return "", err
		}
		out = append(append(append(out, "\r\n"...), content...), "\r\n"...)
		kept++
	}
	if kept == 0 {
		return "", nil // a form without a field is no body
	}
	return string(append(out, body[parts[len(parts)-1].body.end+len("\r\n"):end]...)), nil
}

// part treats the content of one part. JSON is read as such, unless a rule takes
// it whole or says how to read it.
func (w *walker) part(p *plan, content string, place func() string) (string, error) {
	begins := content[skipMarks([]byte(content), 0):]
	object := begins != "" && (begins[0] == '{' || begins[0] == '[')
	if object && strings.Contains(content[:len(content)-len(begins)], "\ufeff") {
		return "", errPart // JSON to some readers, none to others
	}
	if k := w.auto.kit; object && k.any != nil && len(p.encodings) == 0 && !slices.ContainsFunc(p.rules, func(r *Rule) bool { return r.whole() || r.part != nil }) {
		inner := getWalker()
		defer inner.release()
		inner.t.replace, inner.t.depth, inner.t.room, inner.outer, inner.t.guard = w.t.replace, w.t.depth, w.t.room, place, w.t.guard
		around := &kit{part: inBody, any: k.any, look: k.look, around: p.src.ends, build: newBuild()}
		if a, err := compile(nil, around); err == nil && inner.valid([]byte(content), a) {
			w.t.forget()
			out, edited, err := inner.rewrite(nil, []byte(content), a)
			if !edited {
				return content, err
			}
			return string(out), err
		}
	}
	w.t.place = place
	if err := w.t.value(p, content); err != nil {
		return "", err
	}
	return w.t.apply(content), nil
}

// partHeader appends the header of a part whose content has this length now. Its
// name and file name are names; what else stands there is searched as text.
func (t *treater) partHeader(dst []byte, all *plan, p *formPart, body []byte, length int) ([]byte, error) {
	spelled := func(s span, name string, spell func(dst []byte, name string) []byte) func() error {
		return func() error {
			if err := t.name(all, name); err != nil {
				return err
			}
			if renamed := t.apply(name); renamed != name {
				dst = spell(dst, renamed)
			} else {
				dst = append(dst, s.of(body)...)
			}
			return nil
		}
	}
	quoted := func(s span) func([]byte, string) []byte {
		return func(dst []byte, name string) []byte { return appendPartName(dst, body, s, name) }
	}
	type piece struct {
		span
		write func() error
	}
	places := []piece{
		{p.name, spelled(p.name, p.nameText, quoted(p.name))},
		{p.filename, spelled(p.filename, p.fileText, quoted(p.filename))},
		{p.fileAgain, spelled(p.fileAgain, p.fileText, func(dst []byte, name string) []byte { return append(dst, percent(name)...) })},
		{p.length, func() error {
			dst = strconv.AppendInt(dst, int64(length), 10)
			return nil
		}},
		{span{p.header.end, p.header.end}, func() error { return nil }},
	}
	slices.SortFunc(places, func(a, b piece) int { return a.start - b.start })
	at := p.header.start
	for _, place := range places {
		if place.span == (span{}) {
			continue
		}
		between := view(body[at:place.start])
		look := lastOf(all.rules)
		if look == nil && t.guards() {
			look = t.guard.rule
		}
		if look != nil && t.collect == nil {
			if err := t.value(look.alone.base, between); err != nil {
				return dst, err
			}
			between = t.apply(between)
		}
		dst = append(dst, between...)
		if err := place.write(); err != nil {
			return dst, err
		}
		at = place.end
	}
	return dst, nil
}

// lastOf returns the last look of a plan, or nil.
func lastOf(rules []*Rule) *Rule {
	if n := len(rules); n > 0 && rules[n-1].look {
		return rules[n-1]
	}
	return nil
}
