package detect

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/nyaruka/phonenumbers"
)

// scoreTable is a table of shares. Of those in a column called flagged less is better, of all others more.
type scoreTable struct {
	head []string
	rows []scoreRow
}

type scoreRow struct {
	name   string
	values []float64
}

func (all *scoreTable) add(name string, values ...float64) {
	all.rows = append(all.rows, scoreRow{name, values})
}

// write writes the table: what begins a line, stands between its cells, and ends it.
func (all *scoreTable) write(b *strings.Builder, first, between, last string) {
	fmt.Fprintln(b, first+strings.Join(all.head, between)+last)
	if first != "" {
		fmt.Fprintln(b, strings.Repeat("|---", len(all.head))+"|")
	}
	for _, r := range all.rows {
		fmt.Fprint(b, first+r.name)
		for _, v := range r.values {
			fmt.Fprintf(b, "%s%.4f", between, v)
		}
		fmt.Fprintln(b, last)
	}
}

func (all *scoreTable) tsv() string {
	var b strings.Builder
	all.write(&b, "", "\t", "")
	return b.String()
}

// columns is the table for a terminal.
func (all *scoreTable) columns() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, all.tsv())
	w.Flush()
	return b.String()
}

// markdown is the table for a document.
func (all *scoreTable) markdown() string {
	var b strings.Builder
	all.write(&b, "| ", " | ", " |")
	return b.String()
}

const (
	floorsFile = "testdata/score/floors.tsv"
	scoreDoc   = "../../docs/detectors.md"
	scoreBegin = "<!-- written by: go test ./rules/detect -run TestScore -update -->\n"
	scoreEnd   = "<!-- end -->\n"
)

// readTables reads what tsv has written, several with empty lines between.
func readTables(text string) (all []*scoreTable, err error) {
	for _, part := range strings.Split(strings.TrimSpace(text), "\n\n") {
		table := &scoreTable{}
		for i, line := range strings.Split(part, "\n") {
			cells := strings.Split(line, "\t")
			if i == 0 {
				table.head = cells
				continue
			}
			r := scoreRow{name: cells[0]}
			for _, c := range cells[1:] {
				v, err := strconv.ParseFloat(c, 64)
				if err != nil {
					return nil, err
				}
				r.values = append(r.values, v)
			}
			if len(cells) != len(table.head) {
				return nil, fmt.Errorf("%q has %d cells, the table %d", line, len(cells), len(table.head))
			}
			table.rows = append(table.rows, r)
		}
		all = append(all, table)
	}
	return all, nil
}

// worse says in what a table is worse than its floors, and in which rows and columns it differs at all.
func (all *scoreTable) worse(floors *scoreTable) (worse []string, differs bool) {
	if !slices.Equal(all.head, floors.head) || len(all.rows) != len(floors.rows) {
		return []string{"the table has other rows or columns than its floors"}, true
	}
	for i, r := range all.rows {
		floor := floors.rows[i]
		if r.name != floor.name {
			return []string{fmt.Sprintf("%s stands where the floors have %s", r.name, floor.name)}, true
		}
		for k, v := range r.values {
			column, was := all.head[k+1], floor.values[k]
			differs = differs || v != was
			if strings.HasPrefix(column, "naive ") {
				continue
			}
			if column == "flagged" && v > was || column != "flagged" && v < was {
				worse = append(worse, fmt.Sprintf("%s: %s is %.4f, was %.4f", r.name, column, v, was))
			}
		}
	}
	return worse, differs
}

// checkFloors compares with the floors. With -update it writes them, and says of each that it has lowered that it has.
func checkFloors(t *testing.T, tables ...*scoreTable) {
	t.Helper()
	var text strings.Builder
	for i, table := range tables {
		if i > 0 {
			text.WriteByte('\n')
		}
		text.WriteString(table.tsv())
	}
	data, err := os.ReadFile(floorsFile)
	if err != nil && !*scoreUpdate {
		t.Fatal(err)
	}
	floors, err := readTables(string(data))
	if err != nil || len(floors) != len(tables) {
		if !*scoreUpdate {
			t.Fatalf("%s: %d tables, %v", floorsFile, len(floors), err)
		}
		floors = tables
	}
	better := false
	for i, table := range tables {
		worse, differs := table.worse(floors[i])
		for _, w := range worse {
			if *scoreUpdate {
				t.Errorf("lowered, if you commit it: %s", w)
			} else {
				t.Errorf("%s; -misses ROW shows them, and -update writes new floors", w)
			}
		}
		better = better || differs && len(worse) == 0
	}
	if *scoreUpdate {
		writeFloors(t, text.String(), tables)
	} else if better {
		t.Log("something is better than its floor: go test ./rules/detect -run TestScore -update")
	}
}

func writeFloors(t *testing.T, text string, tables []*scoreTable) {
	t.Helper()
	if err := os.WriteFile(floorsFile, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile(scoreDoc)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := bytes.Cut(doc, []byte(scoreBegin))
	_, after, ok2 := bytes.Cut(rest, []byte(scoreEnd))
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table", scoreDoc)
	}
	doc = slices.Concat(before, []byte(scoreBegin+scoreMarkdown(tables)+scoreEnd), after)
	if err := os.WriteFile(scoreDoc, doc, 0o644); err != nil {
		t.Fatal(err)
	}
}

func scoreMarkdown(tables []*scoreTable) string {
	var all []string
	for _, table := range tables {
		all = append(all, table.markdown())
	}
	return "\n" + strings.Join(all, "\n") + "\n"
}

// TestScoreDoc: the document shows the floors.
func TestScoreDoc(t *testing.T) {
	if *scoreUpdate {
		return // TestScore writes it
	}
	data, err := os.ReadFile(floorsFile)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := readTables(string(data))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile(scoreDoc)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(doc, []byte(scoreBegin+scoreMarkdown(tables)+scoreEnd)) {
		t.Errorf("%s does not show %s: go test ./rules/detect -run TestScore -update", scoreDoc, floorsFile)
	}
}

// The floors must fail what is worse, and nothing else.
func TestFloorsCanFail(t *testing.T) {
	const floors = "detector\tprecision\tnaive recall\nphone\t0.9900\t0.5000\n\nany\tflagged\nwithout\t0.0010\n"
	for text, want := range map[string]string{
		floors: "",
		strings.ReplaceAll(floors, "0.9900", "0.9899"):            "phone: precision is 0.9899, was 0.9900",
		strings.ReplaceAll(floors, "0.9900", "0.9901"):            "",
		strings.ReplaceAll(floors, "0.5000", "0.1000"):            "",
		strings.ReplaceAll(floors, "0.0010", "0.0011"):            "without: flagged is 0.0011, was 0.0010",
		strings.ReplaceAll(floors, "0.0010", "0.0009"):            "",
		strings.ReplaceAll(floors, "phone", "email"):              "email stands where the floors have phone",
		strings.ReplaceAll(floors, "phone\t0.9900\t0.5000\n", ""): "the table has other rows or columns than its floors",
	} {
		was, err := readTables(floors)
		if err != nil {
			t.Fatal(err)
		}
		is, err := readTables(text)
		if err != nil {
			t.Fatal(err)
		}
		var worse []string
		for i := range is {
			w, _ := is[i].worse(was[i])
			worse = append(worse, w...)
		}
		if got := strings.Join(worse, ", "); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		if is[0].tsv()+"\n"+is[1].tsv() != text {
			t.Errorf("%q is written as %q", text, is[0].tsv())
		}
	}
}

// costs measures what a text costs, side by side: with nothing in it, and of all.
func costs(t testing.TB, all, nothing []sample) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\tnothing\tnaive\tratio\tall\tnaive\tratio\t")
	line := func(name string, ours, naive func(string)) {
		fmt.Fprint(w, name)
		for _, texts := range [][]sample{nothing, all} {
			a, b := nsPerText(texts, ours), nsPerText(texts, naive)
			fmt.Fprintf(w, "\t%.0f\t%.0f\t%.2f", a, b, a/b)
		}
		fmt.Fprintln(w, "\t")
	}
	var dst []Span
	finds := func(f *Finder) func(string) { return func(s string) { dst = f.Find(dst[:0], s) } }
	parse := func(s string) { phonenumbers.Parse(s, "ZZ") }
	for _, r := range rows(t) {
		line(r.name, finds(r.finder(sample{})), func(s string) { r.naive.FindAllStringIndex(s, -1) })
	}
	line("any", finds(anything), func(s string) { matchesAny(s) })
	line("phone, naive is libphonenumber's parse", finds(newPlain([]Kind{Phone})), parse)
	line("phone with "+strings.Join(five, " ")+", naive the same", finds(NewFinder(phones(t, Options{Regions: five}))), parse)
	w.Flush()
	return b.String()
}

func nsPerText(texts []sample, do func(string)) float64 {
	r := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			for _, s := range texts {
				do(s.text)
			}
		}
	})
	return float64(r.T.Nanoseconds()) / float64(r.N) / float64(len(texts))
}
