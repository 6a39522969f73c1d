package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
	"github.com/statveil/statveil/config"
	"github.com/statveil/statveil/rules"
	"github.com/statveil/statveil/rules/packs"
)

func demoCommand() *cobra.Command {
	var once bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "See it work: sample traffic through the real sidecar",
		Long: `Run the sidecar on loopback between a sample client and a sample collector, with
the callstats rules and random keys, and show for each request what the client
sent and what the collector received. Then it goes on, to be tried by hand.`,
		Example: `  statveil demo
  statveil demo --once`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return demo(c.Context(), once, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().BoolVar(&once, "once", false, "exit after the samples, with 0 only if nothing personal reached the collector")
	return c
}

func demo(ctx context.Context, once bool, stdout, stderr io.Writer) error {
	pack, err := packs.FS.ReadFile("callstats.yaml")
	if err != nil {
		return err
	}
	set, err := rules.Parse(rules.File{Name: "callstats.yaml", Data: pack})
	if err != nil {
		return err
	}
	collector, err := startCollector()
	if err != nil {
		return err
	}
	defer collector.close()

	cfg := config.Default()
	cfg.Listen, cfg.Admin.Listen, cfg.Admin.Private = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	cfg.Keys.Dev = true
	cfg.Upstream = "http://" + collector.address
	cfg.Log = config.Log{Level: "error", Format: "console"}
	sidecar, err := newSidecar(func() (*config.Config, error) { return cfg, nil }, func([]string) (*rules.Set, error) { return set, nil }, stderr)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	started, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() { ended <- sidecar.serve(ctx, func(a net.Addr) { started <- a }) }()
	var address string
	select {
	case a := <-started:
		address = a.String()
	case err := <-ended:
		return err
	}

	fmt.Fprintf(stdout, "statveil on %s, a sample collector on %s, rules of the callstats pack, keys that die with this process\n",
		address, collector.address)
	leaked := 0
	for _, s := range samples() {
		sent, received, err := s.send("http://"+address, collector)
		if err != nil {
			return fmt.Errorf("sample %q: %w", s.title, err)
		}
		show(stdout, s, sent, received)
		for _, p := range s.personal {
			if readable(received.request, p) {
				leaked++
				fmt.Fprintf(stdout, "  LEAK: %q reached the collector\n", p)
			}
		}
	}
	if leaked > 0 {
		return fmt.Errorf("%d personal value(s) reached the collector", leaked)
	}
	fmt.Fprintf(stdout, "\nNothing personal reached the collector.\n")
	if !once {
		byHand(stdout, address)
		collector.watch(stdout)
		return <-ended
	}
	cancel()
	return <-ended
}

func byHand(w io.Writer, address string) {
	fmt.Fprintf(w, `
Try it by hand (Ctrl-C ends it); what the collector receives is shown here:

  curl -s http://%[1]s/v1/apps/7/conferences/+12025550143 -d '{"localID":"anna@example.com","n":1}'
  curl -s http://%[1]s/v1/apps/8/conferences/+12025550143 -d '{"localID":"anna@example.com","n":1}'   # another tenant
  curl -s http://%[1]s/unknown                                                                 # no route: refused

`, address)
}

// sample is one request of the demo.
type sample struct {
	title    string
	path     string
	body     string
	personal []string // what must not reach the collector
}

func (s sample) send(base string, c *collector) (sent, received exchange, err error) {
	res, err := http.Post(base+s.path, "application/json", strings.NewReader(s.body))
	if err != nil {
		return sent, received, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return sent, received, err
	}
	if res.StatusCode != http.StatusOK {
		return sent, received, fmt.Errorf("answered %d: %s", res.StatusCode, answer)
	}
	sent = exchange{request{"POST", s.path, s.body}, string(answer)}
	return sent, <-c.received, nil
}

const (
	demoPhone = "+12025550143"
	demoUser  = "anna.lindqvist@example.com"
	demoSIP   = "sip:+442079460018@pbx.example.com;user=phone"
	demoApp   = "/v1/apps/545619706/conferences/"
)

func samples() []sample {
	personal := []string{demoPhone, "12025550143", demoUser, "lindqvist", "442079460018", "192.0.2.", "participant"}
	conference := demoApp + "tel%3A%2B12025550143"
	opaque := "9b2e6f0c-4d1a-4c3b-8f5e-2a7d90c1e6b4"
	sdp := `"v=0\r\no=- 4611733054762223410 2 IN IP4 192.0.2.17\r\ns=-\r\nt=0 0\r\nm=audio 40312 UDP/TLS/RTP/SAVPF 111\r\n` +
		`c=IN IP4 192.0.2.17\r\na=candidate:1538782964 1 udp 2113937151 192.0.2.17 40312 typ host\r\na=ssrc:3175538551 cname:kZ8x\r\n"`
	return []sample{
		{"a phone number as conference id, an e-mail address as user id, a SIP URI", conference,
			`{"eventType":"userJoined","timestamp":1795461436873.99,"localID":"` + demoUser + `","remoteID":"` + demoSIP +
				`","userName":"Anna Lindqvist","deviceID":"677b83b821447fdc15b237198fd7cf59"}`, personal},
		{"the same conference alive: the same pseudonyms", conference + "/ucid01/events/user/alive",
			`{"eventType":"userAlive","timestamp":1795461446873.59,"localID":"` + demoUser + `"}`, personal},
		{"an id that a machine made is left alone", demoApp + opaque,
			`{"eventType":"userJoined","timestamp":1795461447000.5,"localID":"` + opaque + `"}`, nil},
		{"statistics of 20 participants", conference + "/ucid01/stats", statsBatch(20), personal},
		{"session descriptions", conference + "/ucid01/events/sdp",
			`{"eventType":"sdpSubmission","localID":"` + demoUser + `","localSDP":` + sdp + `,"remoteSDP":` + sdp + `}`, personal},
	}
}

// statsBatch is what a browser reports in a conference of n: for each
// participant a candidate with an address, and counters that look like numbers
// to dial.
func statsBatch(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"eventType":"stats","timestamp":1795461441977.49,"localID":"%s","stats":[`, demoUser)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"remote-candidate","id":"I%08x","timestamp":1795461441956.374,"address":"192.0.2.%d","foundation":"%d",`+
			`"priority":9079290933572287000,"originID":"participant%d@example.com"},`, i*2654435761%(1<<32), i+10, 1241822432+i*7919, i)
		fmt.Fprintf(&b, `{"type":"inbound-rtp","id":"IT01A%d","ssrc":%d,"bytesReceived":%d,"jitter":0.003,"kind":"audio"}`,
			3175538551+i, 3175538551+i, 982731+i*104729)
	}
	b.WriteString(`]}`)
	return b.String()
}
