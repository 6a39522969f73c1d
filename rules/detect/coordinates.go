package detect

var coordinatesNeeds []Hint
var markedCoordinatesNeeds []Hint

func findCoordinates(dst []Span, s string, asked set, d *dialling) []Span { return dst }

func findMarkedCoordinates(dst []Span, s string, asked set, d *dialling) []Span { return dst }
