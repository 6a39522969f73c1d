package detect

// regionLen is the length of a region in regionCodes: two letters, and the digits of its calling code.
const regionLen = 5

// world is what libphonenumber calls the region of numbers that belong to no country, those of satellites among them
// (UN M.49). They need no region; lists that were made with it may be used as they are.
const world = "001"

// Regions returns the codes of all regions that a detector may be given (ISO 3166-1 alpha-2, and XK for Kosovo), in order.
// The first is 001, for numbers of no country, and changes nothing.
func Regions() []string {
	all := make([]string, 0, 1+len(regionCodes)/regionLen)
	all = append(all, world)
	for i := 0; i < len(regionCodes); i += regionLen {
		all = append(all, regionCodes[i:i+2])
	}
	return all
}

// planIn returns the plan of a region, nil if the region is not known.
func planIn(region string) *plan {
	for i := 0; i < len(regionCodes); i += regionLen {
		if regionCodes[i:i+2] == region {
			code := 0
			for _, c := range []byte(regionCodes[i+2 : i+regionLen]) {
				code = code*10 + int(c-'0')
			}
			return &plans[planAt[code]-1]
		}
	}
	return nil
}
