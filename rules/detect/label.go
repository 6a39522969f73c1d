package detect

// longestLabel bounds how far back a label is read, in bytes. A string of more would need memory of its own.
const longestLabel = 32

// labelled reports whether what begins at i has one of the words for a label: directly before it, with a gap between as
// in `ssn=`, `"ssn":"`, `user_ssn: `, `SSN number `. Words are in lower case, of several without what stands between:
// "socialsecurity" is "social_security", "social security" and "SocialSecurity".
func labelled(s string, i int, words []string) bool {
	end := gapStart(s, i)
	if end == i {
		return false
	}
	var label [longestLabel]byte
	n := len(label)
	for j := end; j > 0 && n > 0; {
		from := partStart(s, j, n)
		if from == j {
			return false
		}
		if j == end && oneOf(s[from:j], numberWords) {
			end = from
		} else {
			for k := j - 1; k >= from; k-- {
				n--
				label[n] = s[k] | 0x20
			}
			if oneOf(string(label[n:]), words) {
				return true
			}
		}
		if j = from; j > 0 && (s[j-1] == ' ' || s[j-1] == '_' || s[j-1] == '-' || s[j-1] == '.') {
			if j--; end == from {
				end = j
			}
		}
	}
	return false
}

// partStart returns where the part of a label that ends at end begins: after what is no letter, or at a capital after a
// small letter. It is at most longest bytes long.
func partStart(s string, end, longest int) int {
	i := end
	for i > 0 && end-i < longest && isLetter(s[i-1]) {
		i--
		if i > 0 && s[i]&0x20 == 0 && isLetter(s[i-1]) && s[i-1]&0x20 != 0 {
			break
		}
	}
	return i
}
