package rules

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// statsBody makes a batch like the ones of a browser in a call: flat reports
// with long ids, counters, timestamps with fractions, and candidates with IP
// addresses, under the ids of two people.
func statsBody(size int) []byte {
	var b strings.Builder
	b.WriteString(`{"callstatsVersion":"3.73.16","timestamp":1795461441977.49,"eventType":"stats","localID":"+12025550143",` +
		`"deviceID":"166402ea96bad522cdfbc9f7ba7a9aefe4458b118d9c2c5091163e4c91aa12b0","remoteID":"sip:anna@voip.example.com","stats":[`)
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		if i%40 == 7 {
			fmt.Fprintf(&b, `{"type":"local-candidate","id":"IZS3KRg%d","timestamp":1795461441956.374,"address":"192.0.2.%d","candidateType":"host",`+
				`"foundation":"%d","ip":"192.0.2.%d","isRemote":false,"networkType":"unknown","port":%d,"priority":2113937151,"protocol":"udp"}`,
				i, i%250, 1538782964+i, i%250, 32914+i)
			continue
		}
		fmt.Fprintf(&b, `{"type":"inbound-rtp","id":"IT01V%d","timestamp":1795461441956.374,"codecId":"CIT01_96","kind":"video","mediaType":"video",`+
			`"ssrc":%d,"transportId":"T01","jitter":0.00%d,"packetsLost":0,"trackIdentifier":"3f2b8c1e-%04x-4d1a-9c3b-1c1a1a1a1a1a","mid":"%d",`+
			`"bytesReceived":%d,"firCount":0,"frameHeight":180,"frameWidth":320,"framesDecoded":%d,"framesPerSecond":19,"keyFramesDecoded":1,`+
			`"lastPacketReceivedTimestamp":1795461441941,"mimeType":"video/VP8","totalDecodeTime":0.063,"totalInterFrameDelay":5.0350000000000055,`+
			`"powerEfficientDecoder":false,"csioMediaType":"video","csioIntMs":8.10009765625,"csiores":"320X180X19","csioIntPktLoss":null}`,
			3175538551+i, 409978980+i*7, i%9, i, i, 87118+i*131, 97+i)
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

func packRoute(b testing.TB, name string) *Route {
	b.Helper()
	data, err := os.ReadFile("packs/callstats.yaml")
	if err != nil {
		b.Fatal(err)
	}
	set, err := Parse(File{"callstats.yaml", data})
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range set.Routes() {
		if r.Name == name {
			return r
		}
	}
	b.Fatalf("no route %s", name)
	return nil
}

const token = "psn_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func toToken(*Finding) (string, error) { return token, nil }

// rewriters do one job, side by side: they put a pseudonym in the place of the ids
// of people and of the addresses in a statistics body. statveil does it with the
// callstats pack and all detectors, which look at every other value, too; the others
// know their fields, and do it as their documentation shows.
func rewriters(b *testing.B) map[string]func(dst, doc []byte) ([]byte, error) {
	stats := packRoute(b, "stats")
	return map[string]func(dst, doc []byte) ([]byte, error){
		"statveil":      func(dst, doc []byte) ([]byte, error) { return stats.Body(dst, doc, toToken) },
		"gjson+sjson":   func(_, doc []byte) ([]byte, error) { return getAndSet(doc) },
		"encoding/json": func(_, doc []byte) ([]byte, error) { return decodeAndEncode(doc) },
	}
}

var peopleFields, addressFields = []string{"localID", "remoteID"}, []string{"ip", "address"}

// getAndSet is what one writes with gjson and sjson: a path for each field, and for
// arrays one for each element.
func getAndSet(doc []byte) ([]byte, error) {
	var paths []string
	for _, name := range peopleFields {
		if gjson.GetBytes(doc, name).Exists() {
			paths = append(paths, name)
		}
	}
	for i := range int(gjson.GetBytes(doc, "stats.#").Int()) {
		for _, name := range addressFields {
			if path := fmt.Sprintf("stats.%d.%s", i, name); gjson.GetBytes(doc, path).Exists() {
				paths = append(paths, path)
			}
		}
	}
	var err error
	for _, path := range paths {
		if doc, err = sjson.SetBytes(doc, path, token); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

// decodeAndEncode is what one writes with encoding/json.
func decodeAndEncode(doc []byte) ([]byte, error) {
	var body map[string]any
	if err := json.Unmarshal(doc, &body); err != nil {
		return nil, err
	}
	replace := func(in map[string]any, names []string) {
		for _, name := range names {
			if _, ok := in[name]; ok {
				in[name] = token
			}
		}
	}
	replace(body, peopleFields)
	for _, e := range body["stats"].([]any) {
		replace(e.(map[string]any), addressFields)
	}
	return json.Marshal(body)
}

// BenchmarkBody rewrites a body of 2 KB and one of 120 KB, side by side with others.
// "beside gjson.ValidBytes" takes turns with gjson, so that whatever else the machine
// does is the same for both: xgjson is the throughput in that of gjson.ValidBytes.
func BenchmarkBody(b *testing.B) {
	jobs := rewriters(b)
	for _, size := range []int{2 << 10, 120 << 10} {
		doc := statsBody(size)
		dst := make([]byte, 0, 2*len(doc))
		sameBodies(b, jobs, doc)
		prefix := fmt.Sprintf("%dKB/", size>>10)
		valid := func() {
			if !gjson.ValidBytes(doc) {
				b.Fatal("not valid")
			}
		}
		for _, name := range []string{"statveil", "gjson+sjson", "encoding/json"} {
			rewrite := func() {
				if _, err := jobs[name](dst, doc); err != nil {
					b.Fatal(err)
				}
			}
			b.Run(prefix+name, func(b *testing.B) {
				b.SetBytes(int64(len(doc)))
				b.ReportAllocs()
				for b.Loop() {
					rewrite()
				}
			})
		}
		b.Run(prefix+"gjson.ValidBytes", func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				valid()
			}
		})
		b.Run(prefix+"beside gjson.ValidBytes", func(b *testing.B) {
			b.ReportMetric(takeTurns(b, len(doc), func() {
				if _, err := jobs["statveil"](dst, doc); err != nil {
					b.Fatal(err)
				}
			}, valid), "xgjson")
		})
	}
}

// sameBodies fails unless all make the same JSON of a body.
func sameBodies(b *testing.B, jobs map[string]func(dst, doc []byte) ([]byte, error), doc []byte) {
	b.Helper()
	var want any
	for name, job := range jobs {
		out, err := job(nil, slices.Clone(doc))
		var got any
		if err == nil {
			err = json.Unmarshal(out, &got)
		}
		if want == nil {
			want = got
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			b.Fatalf("%s: makes another body, %v", name, err)
		}
	}
}

// takeTurns runs two functions in turns, for as long as b wants, and returns the speed
// of the first in that of the second: the median of the turns, since others use the
// machine too. A turn is about 100 KB, so that the clock does not count.
func takeTurns(b *testing.B, size int, first, second func()) float64 {
	rounds := max(1, 100<<10/size)
	var ratios []float64
	for b.Loop() {
		began := time.Now()
		for range rounds {
			first()
		}
		half := time.Now()
		for range rounds {
			second()
		}
		ratios = append(ratios, time.Since(half).Seconds()/half.Sub(began).Seconds())
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

// idleRules is a route with rules that match nothing.
func idleRules(b *testing.B, n int) *Route {
	var rules strings.Builder
	for i := range n {
		fmt.Fprintf(&rules, "      - at: [body.some.place%d.user, body.**.never%d]\n", i, i)
	}
	return route(b, rules.String())
}

// BenchmarkRules shows that rules that match nothing cost nothing: x1rule is the time
// of one rule in that of so many, in turns.
func BenchmarkRules(b *testing.B) {
	doc := statsBody(120 << 10)
	dst := make([]byte, 0, 2*len(doc))
	through := func(r *Route) func() {
		return func() {
			if _, err := r.Body(dst, doc, toToken); err != nil {
				b.Fatal(err)
			}
		}
	}
	one := through(idleRules(b, 1))
	for _, n := range []int{1, 10, 100} {
		rewrite := through(idleRules(b, n))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				rewrite()
			}
		})
		b.Run(fmt.Sprintf("%d beside 1", n), func(b *testing.B) {
			b.ReportMetric(takeTurns(b, len(doc), rewrite, one), "x1rule")
		})
	}
}

// BenchmarkMatches shows that a match costs the same in a small body and in one of 10
// MB: of 100 bytes each, by a rule for the whole value, by one with find, and by the
// last look.
func BenchmarkMatches(b *testing.B) {
	for _, bb := range []struct{ name, rules string }{
		{"whole", "      - at: 'body.#.user'\n"}, {"find", "      - {at: 'body.#.user', find: phone}\n"}, {"last look", ""},
	} {
		r := route(b, bb.rules)
		for _, n := range []int{10, 1000, 100_000} {
			doc := []byte{'['}
			for i := range n {
				doc = fmt.Appendf(doc, `{"type":"inbound-rtp","ssrc":%d,"user":"+1202555%04d","bytes":%d,"kind":"audio","flag":true,"x":0.25},`, 3175538551+i%1000, i%10_000, 409978980+i)
			}
			doc[len(doc)-1] = ']'
			dst := make([]byte, 0, 2*len(doc))
			b.Run(fmt.Sprintf("%s/%d", bb.name, n), func(b *testing.B) {
				b.SetBytes(int64(len(doc)))
				b.ReportAllocs()
				found := 0
				count := func(*Finding) (string, error) { found++; return token, nil }
				for b.Loop() {
					found = 0
					if _, err := r.Body(dst, doc, count); err != nil {
						b.Fatal(err)
					}
				}
				if found != n {
					b.Fatalf("%d matches, want %d", found, n)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/match")
			})
		}
	}
}

// otlpBody makes a batch of log records as OTLP has them in JSON: each attribute is
// an element of a list, and its key says what its value is.
func otlpBody(size int) []byte {
	var b strings.Builder
	b.WriteString(`{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"web"}},{"key":"host.name","value":{"stringValue":"web-7"}}]},"scopeLogs":[{"scope":{"name":"calls","version":"1.2.0"},"logRecords":[`)
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"timeUnixNano":"17954614419563740%02d","severityNumber":9,"severityText":"INFO","body":{"stringValue":"call joined"},"attributes":[`+
			`{"key":"event.name","value":{"stringValue":"join"}},{"key":"user.id","value":{"stringValue":"Anna %d"}},{"key":"call.codec","value":{"stringValue":"VP8"}},`+
			`{"key":"call.duration","value":{"intValue":"%d"}},{"key":"call.jitter","value":{"doubleValue":0.00%d}},{"key":"call.tags","value":{"arrayValue":{"values":[{"stringValue":"a"},{"stringValue":"b"}]}}}],`+
			`"traceId":"5b8efff798038103d269b633813fc6%02x","spanId":"eee19b7ec3c1b1%02x"}`, i%100, i%97, 87118+i*131, i, i%256, i%256)
	}
	b.WriteString(`]}]}]}`)
	return []byte(b.String())
}

// BenchmarkQueries shows what it costs to look ahead: a rule whose query leads to one
// attribute of each record, one that leads to none, and no rule.
func BenchmarkQueries(b *testing.B) {
	doc := otlpBody(120 << 10)
	for _, bb := range []struct{ name, rule string }{
		{"no rule", ""},
		{"none", `      - {at: 'body.**.attributes.#(key=="enduser.id")#.value.stringValue'}` + "\n"},
		{"every element", `      - {at: body.**.attributes.#.never}` + "\n"},
		{"one in six", `      - {at: ['body.**.attributes.#(key=="user.id")#.value.stringValue', 'body.**.attributes.#(key%"client.*")#.value.stringValue']}` + "\n"},
		{"any depth", `      - {at: 'body.**.#(key=="enduser.id")#.value'}` + "\n"},
	} {
		r := route(b, bb.rule)
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			dst := make([]byte, 0, 2*len(doc))
			for b.Loop() {
				if _, err := r.Body(dst, doc, toToken); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
