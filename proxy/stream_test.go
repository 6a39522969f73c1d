package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// TestStreamed: each piece of an answer whose length nobody knows is restored
// and is at the client before the collector says more, wherever it was cut.
func TestStreamed(t *testing.T) {
	more := make(chan struct{})
	goOn := sync.OnceFunc(func() { close(more) })
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		token := tokens.FindString(string(body))
		w.Header().Set("Content-Type", "application/x-ndjson")
		flush := http.NewResponseController(w)
		for _, piece := range []string{`{"u":"` + token + `"}` + "\n", `{"u":"` + token[:20], token[20:] + `","n":"ps`, `"}` + "\n"} {
			io.WriteString(w, piece)
			flush.Flush()
			<-more
		}
	}))
	defer collector.Close()
	defer goOn() // or nobody ends
	upstream, err := url.Parse(collector.URL)
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, newSanitizer(t, ruleText), upstream)
	res, err := http.Post("http://"+address+"/v1/x/y", "application/json", strings.NewReader(`{"user":"Anna \"A\""}`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	br := bufio.NewReader(res.Body)
	first, err := br.ReadString('\n')
	if want := `{"u":"Anna \"A\""}` + "\n"; err != nil || first != want {
		t.Errorf("before the collector went on: got %q, %v, want %q", first, err, want)
	}
	goOn()
	rest, err := io.ReadAll(br)
	if want := `{"u":"Anna \"A\"","n":"ps"}` + "\n"; err != nil || string(rest) != want {
		t.Errorf("then: got %q, %v, want %q", rest, err, want)
	}
}

// TestStreamedCuts: wherever an answer is cut, it is restored the same. Chunks
// may arrive together; proxy.TestStreamPieces cuts for certain.
func TestStreamedCuts(t *testing.T) {
	for cut := 1; cut < 60; cut++ {
		c := newCollector(t, func(r *received) string {
			token := tokens.FindString(r.body)
			text := fmt.Sprintf(`{"n":"%s","m":["%[1]s","psn_","%[1]s%[1]s"]}`, token)
			return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(text, cut)
		})
		res := raw(t, serveRules(t, ruleText, c), request("POST", "/v1/x/y", nil, `{"n":12.50}`))
		if want := `{"n":12.50,"m":[12.50,"psn_","12.5012.50"]}`; res.err != nil || res.body != want {
			t.Fatalf("cut at %d: got %q, %v, want %q", cut, res.body, res.err, want)
		}
	}
}

// TestPartialAnswer: the ranges of a 206 are counted in pseudonyms; it passes.
func TestPartialAnswer(t *testing.T) {
	c := newCollector(t, func(r *received) string {
		token := tokens.FindString(r.body)
		return "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-35/90\r\nContent-Length: 36\r\n\r\n" + token
	})
	res := raw(t, serveRules(t, ruleText, c), request("POST", "/v1/x/y", nil, `{"user":"Anna"}`))
	if !tokens.MatchString(res.body) || res.StatusCode != 206 {
		t.Errorf("got %d %q", res.StatusCode, res.body)
	}
}
