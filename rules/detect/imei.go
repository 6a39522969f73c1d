package detect

var imeiNeeds []Hint
var markedIMEINeeds []Hint

func findIMEIs(dst []Span, s string, asked set, d *dialling) []Span { return dst }

func findMarkedIMEIs(dst []Span, s string, asked set, d *dialling) []Span { return dst }
