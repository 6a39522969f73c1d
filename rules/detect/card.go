package detect

// A card number in groups has a gap in it, a labelled one a gap before it.
var (
	cardNeeds       = []Hint{hasDigit}
	markedCardNeeds = []Hint{hasDigit | hasGap}
)

func findCards(dst []Span, s string, _ set, _ *dialling) []Span { return appendCards(dst, s, false) }

func findMarkedCards(dst []Span, s string, _ set, _ *dialling) []Span {
	return appendCards(dst, s, true)
}

// appendCards looks at the runs of digits that can be the first group of a number, or all of it.
func appendCards(dst []Span, s string, marked bool) []Span {
	for i, last := 0, -1; ; {
		from, end := nextRun(s, i)
		if from == len(s) {
			return dst
		}
		i = end
		if sp, ok := cardAt(s, from, end, last, marked); ok {
			dst = append(dst, sp)
			i, last = sp.End, sp.End
		}
	}
}

// cardSeps are what may stand between the groups.
const cardSeps = " -._"

// cardLayouts are the groups on cards and in receipts, the longer ones first: a code may follow the number.
var cardLayouts = [...]layout{
	{4, 4, 4, 4, 3}, {4, 4, 4, 4, 2}, {4, 4, 4, 4},
	{4, 6, 5}, {4, 6, 4}, // American Express, Diners Club
}

// plainCardLayouts are groups that other numbers have, too. They count where the text around them tells of cards.
var plainCardLayouts = [...]layout{{8, 8}, {6, 13}, {4, 5, 6}, {4, 4, 5}, {4, 3, 3, 3}}

// cardLabels are the words for a card number. PAN is the primary account number of ISO/IEC 7812-1.
var cardLabels = []string{
	"card", "cardnumber", "cardnum", "cardno", "creditcard", "creditcardnumber", "debitcard", "bankcard", "paymentcard",
	"cc", "ccnumber", "ccnum", "ccno", "pan", "primaryaccountnumber", "cardpan",
	"visa", "mastercard", "maestro", "amex", "americanexpress", "discover", "diners", "dinersclub", "jcb", "unionpay",
}

// cardAt reads the number whose first run of digits is s[from:end]. last is where the number before ended.
func cardAt(s string, from, end, last int, marked bool) (Span, bool) {
	switch size := end - from; {
	case size == 4 || size == 6 || size == 8:
		if end == len(s) || !holds(cardSeps, s[end]) || !beginsAt(s, from, last, cardSeps) {
			return Span{}, false
		}
	case size < minCard || size > maxCard:
		return Span{}, false
	}
	if !mayIssue(s[from]) || wordBefore(s, from) {
		return Span{}, false
	}
	var n numeral
	n.read(s, from, cardSeps)
	groups := n.card(s, cardLayouts[:])
	if groups == 0 && (!marked || labelled(s, from, cardLabels)) {
		groups = n.card(s, plainCardLayouts[:])
	}
	if groups == 0 && isCard(n.first(1)) && standsAlone(s, from, end) && (!marked || labelled(s, from, cardLabels)) {
		groups = 1
	}
	if groups == 0 {
		return Span{}, false
	}
	return Span{Start: from, End: n.end[groups-1], Kind: CreditCard, Canonical: string(n.first(groups))}, true
}

// card returns how many groups make a card number in one of the layouts.
func (n *numeral) card(s string, layouts []layout) int {
	for _, l := range layouts {
		if k := n.fits(l); k > 0 && n.endsAfter(s, k) && isCard(n.first(k)) {
			return k
		}
	}
	return 0
}

// The shortest number of the ranges below and the longest that ISO/IEC 7812-1 allows.
const (
	minCard = 12
	maxCard = 19
)

// isCard reports whether an issuer has numbers like this one and the check digit is right.
func isCard(digits []byte) bool {
	if len(digits) < minCard || len(digits) > maxCard || !luhn(digits) {
		return false
	}
	prefix := 0
	for _, c := range digits[:6] {
		prefix = prefix*10 + int(c-'0')
	}
	for _, r := range issuers {
		if r.first <= prefix && prefix <= r.last && r.lengths>>len(digits)&1 != 0 {
			return true
		}
	}
	return false
}

// issuer is a range of issuer identification numbers, the first six digits (ISO/IEC 7812-1), and the lengths of the
// numbers in it, a bit for each.
type issuer struct {
	first, last int
	lengths     uint32
}

const (
	from12 = from16 | 1<<12 | 1<<13 | 1<<14 | 1<<15
	from16 = 1<<16 | 1<<17 | 1<<18 | 1<<19
)

// issuers are the ranges that the networks publish, with the lengths they issue rather than the 19 digits that the
// standard lets everyone have: in longer numbers of these ranges are ids that machines make. None begins like the time
// of our days in seconds or parts of them.
var issuers = [...]issuer{
	{122000, 122099, 1 << 15},               // UATP, as AirPlus issues it
	{220000, 220499, from16},                // Mir
	{222100, 272099, 1 << 16},               // Mastercard
	{300000, 305999, 1<<14 | 1<<16},         // Diners Club International
	{309500, 309599, 1<<14 | 1<<16},         //
	{340000, 349999, 1 << 15},               // American Express
	{350000, 359999, 1 << 16},               // JCB has 3528 to 3589, RuPay and LankaPay parts of it; checkers take it all
	{360000, 369999, 1<<14 | 1<<16},         // Diners Club International
	{370000, 379999, 1 << 15},               // American Express
	{380000, 399999, 1<<14 | 1<<16},         // Diners Club International
	{400000, 499999, 1<<13 | 1<<16 | 1<<19}, // Visa
	{500000, 509999, 1 << 16},               // Maestro, Dankort, RuPay, Elo, Verve
	{501800, 501899, from12},                // Maestro
	{502000, 502099, from12},                //
	{503800, 503899, from12},                //
	{506099, 506198, 1<<18 | 1<<19},         // Verve
	{507865, 507964, 1<<18 | 1<<19},         //
	{510000, 559999, 1 << 16},               // Mastercard
	{589300, 589399, from12},                // Maestro
	{600722, 600722, 1 << 16},               // Forbrugsforeningen
	{601100, 601199, 1 << 16},               // Discover
	{604001, 604200, from16},                // UkrCard
	{606282, 606282, 1 << 16},               // Hipercard
	{606985, 608500, 1 << 16},               // RuPay
	{620000, 629999, from16},                // UnionPay
	{630000, 639999, 1 << 16},               // Maestro, Elo, InterPayment, InstaPayment, Hipercard
	{630400, 630499, from12},                // Maestro
	{644000, 659999, 1 << 16},               // Discover, RuPay, Elo, Troy, Verve
	{670000, 679999, 1 << 16},               // Maestro
	{675900, 675999, from12},                //
	{676100, 676399, from12},                //
	{676770, 676774, from12},                //
	{810000, 817199, from16},                // UnionPay
	{817200, 820199, 1 << 16},               // RuPay
	{860000, 860099, 1 << 16},               // Uzcard
	{979200, 979299, 1 << 16},               // Troy
	{986000, 986099, 1 << 16},               // Humo
}

// mayIssue reports whether a card number can begin with this digit: 0 and 7 are for standards bodies and for fuel.
func mayIssue(c byte) bool { return c != '0' && c != '7' }
