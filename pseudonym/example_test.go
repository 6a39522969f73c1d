package pseudonym_test

import (
	"fmt"

	"github.com/statveil/statveil/pseudonym"
)

func ExampleKeyring() {
	// 00 01 02 ... 1f: the secret of the published vectors. A real one is random.
	secret := make([]byte, 32)
	for i := range secret {
		secret[i] = byte(i)
	}
	ring, err := pseudonym.NewKeyring("acme", pseudonym.Version{Number: 1, Secret: secret})
	if err != nil {
		fmt.Println(err)
		return
	}

	oneWay := ring.Seal(pseudonym.Context{}, "+358401234567")
	fmt.Println(oneWay)
	fmt.Println(ring.Seal(pseudonym.Context{}, oneWay) == oneWay)
	_, err = ring.Open(oneWay)
	fmt.Println(err)

	reversible := ring.Seal(pseudonym.Context{Reversible: true}, "+358401234567")
	fmt.Println(reversible)
	fmt.Println(ring.Open(reversible))

	// Output:
	// psn_aaaxslj4grf3kal6lx2f3dy3uyp45i4e
	// true
	// token is one-way and cannot be turned back
	// psn_qaaws4hq4runjumnvip6ctmhh7oxfv4pqoqfdcziq4vlutv2czlqaf64h2yq
	// +358401234567 <nil>
}
