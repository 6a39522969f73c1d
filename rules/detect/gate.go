package detect

// A text that is as short as most values are is asked once, before the detectors, whether it has enough characters and
// digits for what they look for.

// shortText bounds what is counted. In longer texts there is enough of everything.
const shortText = 128

// leastOf says what the shortest finding of a kind has, with what must stand around it: bytes, decimal digits and
// hexadecimal digits. Kinds that are not here have no numbers in them, or find them as quickly.
var leastOf = [kinds]struct{ bytes, digits, hex uint32 }{
	Phone:            {minDigits, minDigits, 0},
	MAC:              {eui48, 0, eui48},
	IMEI:             {imeiDigits, imeiDigits, 0},
	markedIMEI:       {imeiDigits, imeiDigits, 0},
	IBAN:             {minIBAN, 2, 0}, // the check digits
	CreditCard:       {minCard, minCard, 0},
	markedCard:       {minCard, minCard, 0},
	NationalID:       {minID, minIDDigits, 0},
	markedNationalID: {minMarkedID, minIDDigits, 0},
}

// minIBAN is the length of a Norwegian IBAN.
const minIBAN = 15

// minMarkedID is the length of a Spanish number of a foreigner; with a label, the shortest others are longer.
const minMarkedID = 9

// minID is the length of a Dutch number without the zeros in front. One digit is enough: the number of a passport may have
// letters for all others.
const minID, minIDDigits = 7, 1

// The kinds that a text of some length, or with so many digits, is not too short for.
var (
	byLength = makeGate(func(k int) uint32 { return leastOf[k].bytes })
	byDigits = makeGate(func(k int) uint32 { return leastOf[k].digits })
	byHex    = makeGate(func(k int) uint32 { return leastOf[k].hex })
)

func makeGate(least func(kind int) uint32) (gate [shortText + 1]set) {
	for n := range gate {
		for k := range kinds {
			if least(k) <= uint32(n) {
				gate[n] |= 1 << k
			}
		}
	}
	return gate
}

// weights counts both kinds of digits at once.
var weights = makeWeights()

func makeWeights() (w [256]uint32) {
	for b := range w {
		if isDigit(byte(b)) {
			w[b] |= 1
		}
		if bytesOf[b]&hexByte != 0 {
			w[b] |= 1 << 16
		}
	}
	return w
}

// feasible returns the kinds of run that s may hold. A UUID, which many values are, holds nothing but itself.
func feasible(s string, run set) set {
	if len(s) > shortText {
		return run
	}
	run &= byLength[len(s)]
	const counted = set(1<<Phone | 1<<MAC | numbers | 1<<markedIMEI | 1<<markedCard | 1<<markedNationalID | 1<<IBAN)
	if run&counted == 0 {
		return run
	}
	if len(s) == uuidLen && s[8] == '-' && isUUID(s) {
		return run & (1 << Opaque)
	}
	n := uint32(0)
	for i := range len(s) {
		n += weights[s[i]]
	}
	return run & byDigits[n&0xFFFF] & byHex[n>>16]
}
