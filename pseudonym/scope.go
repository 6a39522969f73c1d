package pseudonym

import (
	"fmt"
	"time"
)

// DayScope returns the scope of pseudonyms that are equal on one day, that of t in
// UTC: "day:2026-11-24".
func DayScope(t time.Time) string { return t.UTC().Format("day:2006-01-02") }

// WeekScope returns the scope of pseudonyms that are equal in one ISO week, that
// of t in UTC: "week:2026-W48". Its year is that of the week, which may begin or
// end in another one.
func WeekScope(t time.Time) string {
	year, week := t.UTC().ISOWeek()
	return fmt.Sprintf("week:%04d-W%02d", year, week)
}

// MonthScope returns the scope of pseudonyms that are equal in one month, that of
// t in UTC: "month:2026-11".
func MonthScope(t time.Time) string { return t.UTC().Format("month:2006-01") }

// ValueScope returns the scope of pseudonyms that are equal where something else
// has this value, such as the conference. It takes the canonical form.
func ValueScope(value string) string { return "value:" + value }
