package detect

var cardNeeds []Hint
var markedCardNeeds []Hint

func findCards(dst []Span, s string, asked set, d *dialling) []Span { return dst }

func findMarkedCards(dst []Span, s string, asked set, d *dialling) []Span { return dst }
