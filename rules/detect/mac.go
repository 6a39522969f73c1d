package detect

var macNeeds []Hint

func findMACs(dst []Span, s string, asked set, d *dialling) []Span { return dst }
