package rules

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
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

// BenchmarkBody rewrites with the callstats pack and every detector. Compare
// the MB/s of one run: statveil is to reach half of gjson.ValidBytes at 120 KB
// and a third at 2 KB.
func BenchmarkBody(b *testing.B) {
	stats := packRoute(b, "stats")
	for _, size := range []int{2 << 10, 120 << 10} {
		doc := statsBody(size)
		b.Run(fmt.Sprintf("%dKB/statveil", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			dst := make([]byte, 0, 2*len(doc))
			for b.Loop() {
				if _, err := stats.Body(dst, doc, toToken); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("%dKB/gjson.ValidBytes", size>>10), func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				if !gjson.ValidBytes(doc) {
					b.Fatal("not valid")
				}
			}
		})
	}
}

// BenchmarkRules shows that rules that match nothing cost nothing.
func BenchmarkRules(b *testing.B) {
	doc := statsBody(120 << 10)
	for _, n := range []int{1, 10, 100} {
		var rules strings.Builder
		for i := range n {
			fmt.Fprintf(&rules, "      - at: [body.some.place%d.user, body.**.never%d]\n", i, i)
		}
		r := route(b, rules.String())
		b.Run(fmt.Sprintf("%d", n), func(b *testing.B) {
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
