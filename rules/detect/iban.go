package detect

var ibanNeeds []Hint

func findIBANs(dst []Span, s string, asked set, d *dialling) []Span { return dst }
