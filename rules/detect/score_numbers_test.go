package detect

import (
	"fmt"
	"math/big"
	"net/netip"
	"strings"
	"testing"
)

// numberSamples are numbers of devices, cards, accounts and networks, made by the rules that they are published with.
// The detectors share no code with what is here.
func numberSamples(t testing.TB) (all []sample) {
	r := newLot(2)
	add := func(needs, text string) { all = append(all, markedText(t, needs, text)) }
	for range 120 {
		plain := r.imei()
		written := "[imei:" + r.of(plain, inGroups(plain, "-", 2, 6, 6, 1), inGroups(plain, "-", 8, 6, 1), inGroups(plain, " ", 2, 6, 6, 1)) + "]"
		add("", r.label(r.of("imei", "device_imei"), written))
		add("", "urn:gsma:imei:[imei:"+inGroups(plain[:14], "-", 8, 6)+"-0]") // RFC 7254, section 3: a zero where the check digit was
		add("alone", r.wrap("[imei:"+plain+"]"))
	}
	for range 200 {
		plain := r.card()
		by := []int{4, 4, 4, 4}
		switch len(plain) {
		case 15:
			by = []int{4, 6, 5}
		case 14:
			by = []int{4, 6, 4}
		}
		add("", r.wrap("[credit_card:"+inGroups(plain, r.of(" ", "-"), by...)+"]"))
		add("", r.label(r.of("card", "card_number", "pan", "cc"), "[credit_card:"+plain+"]"))
		add("alone", r.wrap("[credit_card:"+plain+"]"))
	}
	for range 8 {
		for _, country := range ibans {
			plain := r.iban(country[0], country[1])
			var four []int
			for n := len(plain); n > 0; n -= 4 {
				four = append(four, min(4, n))
			}
			add("", r.wrap("[iban:"+plain+"]"))
			add("", r.wrap("[iban:"+inGroups(plain, " ", four...)+"]"))
			add("", r.label("iban", "[iban:"+r.of(plain, strings.ToLower(plain))+"]"))
		}
	}
	for range 150 {
		plain := r.from(r.of(lowerHex, upperHex), 1) + r.of("0", "4", "8") + r.from(lowerHex, 10) // the first octet of an address of one device is even
		if r.IntN(2) == 0 {
			plain = strings.ToUpper(plain)
		}
		add("", r.wrap("[mac:"+inGroups(plain, r.of(":", "-"), 2, 2, 2, 2, 2, 2)+"]"))
		add("", r.of("port ", "", "eth0=", "ap-")+"[mac:"+inGroups(plain, ".", 4, 4, 4)+"]")
		add("", r.of("SEP", "mac=", "mac:", `"mac":"`, "mac_")+"[mac:"+plain+"]")
	}
	for range 250 {
		v4, v6 := r.v4(), r.v6()
		add("", r.wrap("[ip:"+v4.String()+"]"))
		add("", fillForm(r.of(
			"[ip:%]:5060", "http://[ip:%]/x", "1001@[ip:%]", "rtp://[ip:%]:40000", "a=candidate:1 1 udp 2122260223 [ip:%] 40312 typ host generation 0",
			"c=IN IP4 [ip:%]", "host_[ip:%]_1739812345678", "[ip:%]/24", "raddr [ip:%] rport 9",
		), v4.String()))
		text := v6.String()
		switch r.IntN(4) {
		case 0:
			text = v6.StringExpanded()
		case 1:
			text = strings.ToUpper(text)
		case 2:
			text = "::ffff:" + v4.String()
		}
		add("", fillForm(r.of("[ip:%]", "[[ip:%]]:5060", "[ip:%]/64", "src=[ip:%]", "a=candidate:2 1 udp 2122262783 [ip:%] 40313 typ host", "c=IN IP6 [ip:%]", "http://[[ip:%]]/x", "conf-[ip:%]"), text))
	}
	return all
}

// inGroups writes digits in groups of these lengths.
func inGroups(s, sep string, lengths ...int) string {
	var all []string
	for _, n := range lengths {
		all = append(all, s[:n])
		s = s[n:]
	}
	return strings.Join(all, sep)
}

// luhnDigit is the check digit of ISO/IEC 7812-1, annex B.
func luhnDigit(s string) string {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 0 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return fmt.Sprint((10 - sum%10) % 10)
}

// imei makes a number as 3GPP TS 23.003, section 6.2 has it: a type allocation code, a serial number, a check digit.
func (r lot) imei() string {
	s := r.of("35", "86", "01", "99") + r.digits(12)
	return s + luhnDigit(s)
}

// card makes a number of one of the larger networks.
func (r lot) card() string {
	s, n := r.of("4", "4", r.between(51, 55, 2), r.between(2221, 2720, 4), "34", "37", "6011", "65", "36", r.between(3528, 3589, 4), "62"), 16
	switch {
	case s == "34" || s == "37":
		n = 15
	case s == "36":
		n = 14
	}
	s += r.digits(n - 1 - len(s))
	return s + luhnDigit(s)
}

// ibans are the structures of some countries in the registry of ISO 13616: n digits, a capitals, c either.
var ibans = [][2]string{
	{"AT", "16n"}, {"BE", "12n"}, {"BG", "4a6n8c"}, {"CH", "5n12c"}, {"CY", "8n16c"}, {"CZ", "20n"}, {"DE", "18n"}, {"DK", "14n"}, {"EE", "16n"}, {"ES", "20n"},
	{"FI", "14n"}, {"FR", "10n11c2n"}, {"GB", "4a14n"}, {"GR", "7n16c"}, {"HR", "17n"}, {"HU", "24n"}, {"IE", "4a14n"}, {"IL", "19n"}, {"IT", "1a10n12c"}, {"LT", "16n"},
	{"LU", "3n13c"}, {"LV", "4a13c"}, {"MT", "4a5n18c"}, {"NL", "4a10n"}, {"NO", "11n"}, {"PL", "24n"}, {"PT", "21n"}, {"RO", "4a16c"}, {"SE", "20n"}, {"SI", "15n"},
	{"SK", "20n"}, {"TR", "6n16c"}, {"SA", "2n18c"}, {"AE", "19n"},
}

// iban makes a number with check digits by ISO/IEC 7064, MOD 97-10.
func (r lot) iban(country, structure string) string {
	var b strings.Builder
	for len(structure) > 0 {
		var n int
		var class rune
		if _, err := fmt.Sscanf(structure, "%d%c", &n, &class); err != nil {
			panic(err)
		}
		structure = structure[strings.IndexRune(structure, class)+1:]
		b.WriteString(r.from(map[rune]string{'n': decimals, 'a': capitals, 'c': decimals + capitals}[class], n))
	}
	var number strings.Builder
	for _, c := range b.String() + country + "00" {
		if c >= 'A' {
			fmt.Fprint(&number, c-'A'+10)
		} else {
			number.WriteRune(c)
		}
	}
	n, _ := new(big.Int).SetString(number.String(), 10)
	return fmt.Sprintf("%s%02d%s", country, 98-new(big.Int).Mod(n, big.NewInt(97)).Int64(), b.String())
}

func (r lot) v4() netip.Addr {
	for {
		a := netip.AddrFrom4([4]byte{byte(1 + r.IntN(223)), byte(r.IntN(256)), byte(r.IntN(256)), byte(1 + r.IntN(254))})
		if !a.IsLoopback() {
			return a
		}
	}
}

func (r lot) v6() netip.Addr {
	a := [16]byte{0x20, 0x01, 0x0d, 0xb8}
	if r.IntN(3) == 0 {
		a = [16]byte{0xfe, 0x80}
	}
	for i := 4; i < 16; i++ {
		if r.IntN(3) > 0 {
			a[i] = byte(r.IntN(256))
		}
	}
	if r.IntN(2) == 0 {
		clear(a[4:14])
	}
	a[15] |= 1
	return netip.AddrFrom16(a)
}
