package detect

import (
	"strings"
	"testing"
)

// TestCards has numbers as the networks give them out for tests: American Express and Discover, Diners Club,
// JCB, Mastercard. The others are made by the check digit.
func TestCards(t *testing.T) {
	finds{
		{"378282246310005", []string{`credit_card "378282246310005"`}},
		{"6011111111111117", []string{`credit_card "6011111111111117"`}},
		{"30569309025904", []string{`credit_card "30569309025904"`}},
		{"3530111333300000", []string{`credit_card "3530111333300000"`}},
		{"5105105105105100", []string{`credit_card "5105105105105100"`}},
		{"4000123456788", []string{`credit_card "4000123456788"`}},
		{"4000123456789012343", []string{`credit_card "4000123456789012343"`}},
		{"2221001234567896", []string{`credit_card "2221001234567896"`}},
		{"2200123456789019", []string{`credit_card "2200123456789019"`}},
		{"6200123456789012347", []string{`credit_card "6200123456789012347"`}},
		{"501812345673", []string{`credit_card "501812345673"`}},
		{"122001234567890", []string{`credit_card "122001234567890"`}},
		{"conf-4000123456789017", []string{`credit_card "4000123456789017"`}},
		{"order_4000123456789017_3", []string{`credit_card "4000123456789017"`}},
		{"card=4000123456789017&cvc=123", []string{`credit_card "4000123456789017"`}},
		{"4000123456789017@customer", []string{`credit_card "4000123456789017"`}},
		{"4000123456789017.", []string{`credit_card "4000123456789017"`}},
		{"40001234 56789017", []string{`credit_card "40001234 56789017" 4000123456789017`}},
		{"620012 3456789012347", []string{`credit_card "620012 3456789012347" 6200123456789012347`}},
		{
			"4000123456789017 5100-1234-5678-9013 4000 1234 5678 9017",
			[]string{`credit_card "4000123456789017"`, `credit_card "5100-1234-5678-9013" 5100123456789013`, `credit_card "4000 1234 5678 9017" 4000123456789017`},
		},
		{"4000123456789017,5100123456789013", []string{`credit_card "4000123456789017"`, `credit_card "5100123456789013"`}},
	}.run(t, CreditCard)
	nothing(t, []Kind{CreditCard},
		"4000123456789018", "4000123456789016", "7000123456789010", "0000123456789015", "x4000123456789017", "4000123456789017x", "4000123456789017é",
		"0.4000123456789017", "4000123456789017.25", "+400012345674", "+4000123456789017", "360012345678907", "14000123456789017",
		"0a1b2c3d-4e5f-4a6b-8c7d-501812345673",
	)
}

func TestMarkedCards(t *testing.T) {
	finds{
		{"4000 1234 5678 9017", []string{`credit_card "4000 1234 5678 9017" 4000123456789017`}},
		{"order_4000-1234-5678-9017_3", []string{`credit_card "4000-1234-5678-9017" 4000123456789017`}},
		{"customer/4000.1234.5678.9017/tx", []string{`credit_card "4000.1234.5678.9017" 4000123456789017`}},
		{"4000 1234 5678 9012 343", []string{`credit_card "4000 1234 5678 9012 343" 4000123456789012343`}},
		{"4000 1234 5678 9017 123", []string{`credit_card "4000 1234 5678 9017" 4000123456789017`}},
		{"4000-1234-5678-9017-2", []string{`credit_card "4000-1234-5678-9017" 4000123456789017`}},
		{"3782 822463 10005", []string{`credit_card "3782 822463 10005" 378282246310005`}},
		{"3056-930902-5904", []string{`credit_card "3056-930902-5904" 30569309025904`}},
		{"2026-02-28 10:30:00 4000 1234 5678 9017", []string{`credit_card "4000 1234 5678 9017" 4000123456789017`}},
		{"order-12-4000-1234-5678-9017", []string{`credit_card "4000-1234-5678-9017" 4000123456789017`}},
		{"card:4000123456789017", []string{`credit_card "4000123456789017"`}},
		{`{"cardNumber": "4000123456789017"}`, []string{`credit_card "4000123456789017"`}},
		{"credit_card_number=4000123456789017", []string{`credit_card "4000123456789017"`}},
		{"PAN 4000123456789017", []string{`credit_card "4000123456789017"`}},
		{"my credit card: 122001234567890", []string{`credit_card "122001234567890"`}},
		{"visa_4000123456789017", []string{`credit_card "4000123456789017"`}},
		{"card 40001234 56789017", []string{`credit_card "40001234 56789017" 4000123456789017`}},
	}.run(t, Any...)
	nothing(t, Any,
		"4000123456789017", "conf-4000123456789017", "discard=4000123456789017", "card4000123456789017", "card:4000123456789018", "o=- 4000123456789012343 2",
		"40001234 56789017", "40001234-56789017", "4000 1234 5678 9018", "1234 4000 1234 5678 9017", "4000 1234 5678 9017 1234", "4000-1234 5678-9017",
		"4000  1234  5678  9017", "4000 1234 5678 9017x", "a4000 1234 5678 9017", "4000/1234/5678/9017", "4000:1234:5678:9017", "3782-8224631-0005",
		"GB42 4000 1234 5678 9017", "a12-4000-1234-5678-9017",
	)
}

// TestIssuers has a number of every range at both of its ends, made by the check digit, and of none beside it.
// TestUnderscores has the separator of ids.
func TestUnderscores(t *testing.T) {
	finds{
		{"user_4111_1111_1111_1111", []string{`credit_card "4111_1111_1111_1111" 4111111111111111`}},
		{"user_GB82_WEST_1234_5698_7654_32", []string{`iban "GB82_WEST_1234_5698_7654_32" GB82WEST12345698765432`}},
	}.run(t, Any...)
}

func TestIssuers(t *testing.T) {
	for i, r := range issuers {
		if r.first > r.last || i > 0 && r.first < issuers[i-1].first {
			t.Errorf("range %d to %d is out of order", r.first, r.last)
		}
		for size := minCard; size <= maxCard; size++ {
			if r.lengths>>size&1 == 0 {
				continue
			}
			for _, prefix := range []int{r.first, r.last} {
				number := cardOf(prefix, size)
				if got := Find(nil, number, CreditCard); len(got) != 1 || got[0].Canonical != number {
					t.Errorf("%s of range %d to %d: %v", number, r.first, r.last, got)
				}
			}
			refused(t, []byte(cardOf(r.first, size)), isFound(CreditCard))
		}
	}
	for prefix, size := range map[int]int{
		121999: 15, 219999: 16, 220500: 16, 222099: 16, 272100: 16, 306000: 14, 349999: 16, 399999: 15, 499999: 17, 588000: 16, 601200: 16, 643999: 16,
		689999: 16, 700000: 16, 800000: 16, 820200: 16, 900000: 16, 893540: 19, 123456: 16,
	} {
		nothing(t, []Kind{CreditCard}, cardOf(prefix, size))
	}
}

// What counts time begins with other digits for decades: until 2039 in nanoseconds and microseconds.
func TestTimesAreNoCards(t *testing.T) {
	for _, at := range []string{"1500000000", "1739812345", "1999999999", "2147483647"} {
		for _, zeros := range []int{3, 6, 9} {
			prefix := at + strings.Repeat("0", zeros-2)
			for i := range 100 {
				nothing(t, []Kind{CreditCard}, prefix+string([]byte{'0' + byte(i/10), '0' + byte(i%10)}))
			}
		}
	}
}

// cardOf makes a number of that many digits by the check digit, which it finds by trying.
func cardOf(prefix, size int) string {
	number := []byte("000000")
	for i := 5; i >= 0; i-- {
		number[i] += byte(prefix % 10)
		prefix /= 10
	}
	for len(number) < size-1 {
		number = append(number, '0'+byte(len(number)*7%10))
	}
	number = append(number, '0')
	for !luhn(number) {
		number[size-1]++
	}
	return string(number)
}
