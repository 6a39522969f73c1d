package detect

const (
	// longestLabel bounds how much of a label is read, in bytes without what stands between its parts. Go has 32 bytes at
	// hand for a string that nobody keeps.
	longestLabel = 32
	// mostFillers is how many words that say nothing a label may end with: "code is", "number is:".
	mostFillers = 3
)

// fillers are words that may stand between a label and its value.
var fillers = []string{
	"number", "num", "no", "nr", "nummer", "numero", "número", "numéro", "numer", "code", "id", "value", "val", "is", "es", "ist", "est", "är", "er",
}

// labelled reports whether what begins at i has one of the words for a label: directly before it, with a gap between as
// in `ssn=`, `"ssn":"`, `<ssn>`, `user_ssn: `, `SSN number is `. Words are in lower case, of several without what stands
// between: "socialsecurity" is "social_security", "social security" and "SocialSecurity".
func labelled(s string, i int, words []string) bool {
	j := labelEnd(s, i)
	if j == i {
		return false
	}
	var label [longestLabel]byte
	n := len(label)
	// The label may end where it does, or before its last words, if those are fillers.
	ends, known := [1 + mostFillers]int{n}, 1
	for j > 0 {
		from := partStart(s, j, n)
		if from == j {
			return false
		}
		last := n
		for k := j - 1; k >= from; k-- {
			n--
			label[n] = lower(s[k])
		}
		for _, end := range ends[:known] {
			if n < end && oneOf(string(label[n:end]), words) {
				return true
			}
		}
		if known < len(ends) && ends[known-1] == last && oneOf(string(label[n:last]), fillers) {
			ends[known] = n
			known++
		}
		if j = from; j > 0 && (s[j-1] == ' ' || s[j-1] == '_' || s[j-1] == '-' || s[j-1] == '.') {
			j--
		}
	}
	return false
}

// labelEnd returns where a label of what begins at i ends: before the gap. It is i where there is no label.
func labelEnd(s string, i int) int {
	end := gapStart(s, i)
	if end == 0 || !inLabel(s[end-1]) {
		return i
	}
	return end
}

// partStart returns where the part of a label that ends at end begins: after what is no letter, or at the capital that
// begins a word inside a name (userSsn, SSNNumber). It is end where the part is longer than longest.
func partStart(s string, end, longest int) int {
	i := end
	for i > 0 && inLabel(s[i-1]) {
		if end-i == longest {
			return end
		}
		i--
		if i > 0 && isCapital(s[i]) && isLetter(s[i-1]) && (!isCapital(s[i-1]) || i+1 < end && !isCapital(s[i+1])) {
			break
		}
	}
	return i
}

// inLabel reports whether c is a letter, or a byte of one that is not ASCII.
func inLabel(c byte) bool { return c >= 0x80 || isLetter(c) }

func isCapital(c byte) bool { return 'A' <= c && c <= 'Z' }

// lower makes a capital letter small. The second bytes of the letters of Latin-1 in UTF-8 differ in the bit that those
// of ASCII differ in: Ö is C3 96, ö is C3 B6.
func lower(c byte) byte {
	if isCapital(c) || 0x80 <= c && c < 0xC0 {
		return c | 0x20
	}
	return c
}
