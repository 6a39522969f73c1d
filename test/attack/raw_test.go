package attack_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// patience is how long an attacker waits for an answer. It ends tests that hang, and
// none asserts it.
const patience = 60 * time.Second

// dial connects to the sidecar as an attacker does; secure nil: in clear text.
func dial(address string, secure *tls.Config) (net.Conn, error) {
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(patience)) // it fails only where the connection is gone
	if secure == nil {
		return conn, nil
	}
	secure = secure.Clone()
	secure.ServerName = "127.0.0.1"
	return tls.Client(conn, secure), nil
}

// closed is what became of a request that got no answer.
const closed = "closed"

// post writes a request and reads its answer, even where it comes before all is sent.
func post(conn net.Conn, request []byte) (status string) {
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		_, _ = conn.Write(request) // it fails where the answer came before
	}()
	status = answer(bufio.NewReader(conn))
	conn.Close()
	<-wrote
	return status
}

// answer reads one answer, whole.
func answer(r *bufio.Reader) (status string) {
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		return closed
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil && res.StatusCode < 400 {
		return "broken off"
	}
	return strconv.Itoa(res.StatusCode)
}

// throw sends a bomb on a connection of its own.
func (b *bomb) throw(s *sidecar, secure *tls.Config) string {
	conn, err := dial(s.address, secure)
	if err != nil {
		return closed
	}
	return post(conn, b.request())
}
