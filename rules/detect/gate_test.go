package detect

import (
	"slices"
	"testing"
)

// FuzzGate holds what is asked before a detector to what the detector finds: no hint and no count may keep it from a
// text that holds something.
func FuzzGate(f *testing.F) {
	for _, s := range slices.Concat(seeds, allHostile, nationalSeeds, []string{
		"passport: NXFPRLD19", "ausweis CFGHJKLM9", "bsn 1000009", "S.S.N. 123456789", "card>4111111111111111", "mac>abcdefabcdef", "SEP001A2B3C4D5E",
		"imei 35-693803-564380-9", "imei35693803564380", "2125551234x12", "212)5551234", "5)211111", "+0.010000000X000", "NO9386011117947", "501800000009", "lat>60.1699 lon>24.9384", "60°10'11\"N 24°56'E",
	}) {
		f.Add(s)
	}
	regions := phones(f, Options{Regions: []string{"FI", "DE", "US", "AR", "ES"}})
	bare := phones(f, Options{Bare: true})
	f.Fuzz(func(t *testing.T, in string) {
		s, h, back := folded(in, hintOf(in))
		defer back.restore(nil, in)
		all := []*Detector{regions, bare}
		for k := range Kind(kinds) {
			all = append(all, &Detector{kind: k})
		}
		for _, d := range all {
			found := detectors[d.kind].find(nil, s, 1<<d.kind, d.dialling)
			if len(found) == 0 {
				continue
			}
			if !d.mayFind(h) || !feasible(s, 1<<d.kind).has(d.kind) || d.kind == Phone && d.dialling == nil && hopeless(s, h) {
				t.Errorf("%v (%d): %q is in %q, but nobody looks", d.kind, d.kind, s[found[0].Start:found[0].End], s)
			}
		}
	})
}
