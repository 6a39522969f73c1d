package rules

// Suggest is the hint for a word that is not one of the known ones: the one that
// was probably meant, else all of them.
func Suggest(word string, known []string) string { return suggestion(word, known) }
