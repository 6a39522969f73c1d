package pseudonym_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/statveil/statveil/pseudonym"
)

func TestVersions(t *testing.T) {
	t.Parallel()
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	v := func(number uint16, from time.Time) pseudonym.Version {
		return pseudonym.Version{Number: number, Secret: secret(byte(number)), From: from}
	}
	tests := []struct {
		name     string
		versions []pseudonym.Version
		want     []uint16
		at       time.Time
		current  uint16
	}{
		{"one", []pseudonym.Version{v(3, day(1))}, []uint16{3}, day(2), 3},
		{"by time, not by number", []pseudonym.Version{v(1, day(20)), v(3, day(1)), v(2, day(10))}, []uint16{3, 2, 1}, day(11), 2},
		{"one that is never in effect", []pseudonym.Version{v(8, day(5)), v(7, day(5))}, []uint16{7, 8}, day(6), 8},
		{"none in effect yet", []pseudonym.Version{v(2, day(20)), v(1, day(10))}, []uint16{1, 2}, day(1), 1},
		{"now", []pseudonym.Version{v(1, day(1).AddDate(-20, 0, 0)), v(2, day(1).AddDate(200, 0, 0))}, []uint16{1, 2}, time.Time{}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ring := newRing(t, "acme", tt.versions...)
			var got []uint16
			for _, v := range ring.Versions() {
				got = append(got, v.Number)
				if v.Secret != nil {
					t.Errorf("version %d comes with a secret", v.Number)
				}
				if i := slices.IndexFunc(tt.versions, func(w pseudonym.Version) bool { return w.Number == v.Number }); !tt.versions[i].From.Equal(v.From) {
					t.Errorf("version %d is from %v, want %v", v.Number, v.From, tt.versions[i].From)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("Versions: got %v, want %v", got, tt.want)
			}
			if got := ring.Current(tt.at); got != tt.current {
				t.Errorf("Current(%v): got %d, want %d", tt.at, got, tt.current)
			}
		})
	}
}

// SealAll gives what keyrings of one version each give, and a caller may stop.
func TestSealAll(t *testing.T) {
	t.Parallel()
	all, _ := rings(t)
	for _, c := range contexts {
		for _, text := range []string{"", phone, "psn_" + strings.Repeat("a", 32)} {
			var numbers []uint16
			for number, token := range all.SealAll(c, text) {
				numbers = append(numbers, number)
				alone := newRing(t, "acme", pseudonym.Version{Number: number, Secret: secret(byte(number))})
				if want := alone.Seal(c, text); token != want {
					t.Errorf("%+v %q: version %d gives %s, want %s", c, text, number, token, want)
				}
			}
			if want := []uint16{1, 2, 3}; !slices.Equal(numbers, want) {
				t.Errorf("got versions %v, want %v", numbers, want)
			}
		}
		token := all.Seal(c, phone)
		for number, again := range all.SealAll(pseudonym.Context{}, token) {
			if again != token {
				t.Errorf("a token of the keyring became %s under version %d", again, number)
			}
		}
		for range all.SealAll(c, phone) {
			break
		}
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("", 14*3600)
	tests := []struct {
		name             string
		at               time.Time
		day, week, month string
	}{
		{"a day", time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), "day:2026-11-24", "week:2026-W48", "month:2026-11"},
		{"another zone", time.Date(2026, 12, 1, 13, 59, 59, 0, east), "day:2026-11-30", "week:2026-W49", "month:2026-11"},
		{"a week of next year", time.Date(2025, 12, 29, 0, 0, 0, 0, time.UTC), "day:2025-12-29", "week:2026-W01", "month:2025-12"},
		{"a week of last year", time.Date(2027, 1, 3, 23, 59, 59, 0, time.UTC), "day:2027-01-03", "week:2026-W53", "month:2027-01"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for want, got := range map[string]string{
				tt.day: pseudonym.DayScope(tt.at), tt.week: pseudonym.WeekScope(tt.at), tt.month: pseudonym.MonthScope(tt.at),
			} {
				if got != want {
					t.Errorf("%v: got %s, want %s", tt.at, got, want)
				}
			}
		})
	}
	if got := pseudonym.ValueScope("2026-11"); got != "value:2026-11" {
		t.Errorf("ValueScope: got %s", got)
	}
}
