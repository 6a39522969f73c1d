package proxy

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

// An entrance is the listener as net/http sees it: of connections that are admitted
// and, where there is TLS, whose handshake is done.
type entrance struct {
	net.Listener
	s       *Server
	ready   chan accepted
	over    chan struct{} // closed once nobody accepts any more
	shaking sync.WaitGroup
}

type accepted struct {
	conn net.Conn
	err  error
}

func (e *entrance) Accept() (net.Conn, error) {
	if e.s.TLS != nil {
		a := <-e.ready
		return a.conn, a.err
	}
	seat, err := e.admitted()
	if err != nil {
		return nil, err
	}
	return strict(seat, seat), nil
}

// admitted waits for a connection that there is room for.
func (e *entrance) admitted() (*seat, error) {
	for {
		conn, err := e.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if seat := e.s.admit(conn); seat != nil {
			return seat, nil
		}
	}
}

// acceptTLS shakes hands with every client, at its own pace. Errors are net/http's to
// judge: some pass, such as that of too many open files.
func (e *entrance) acceptTLS() {
	for {
		seat, err := e.admitted()
		if err == nil {
			e.shaking.Go(func() {
				conn, err := e.s.handshake(seat)
				if err != nil || !e.hand(accepted{conn: conn}) {
					seat.Close()
				}
			})
		} else if !e.hand(accepted{err: err}) {
			return
		}
	}
}

// hand gives net/http what Accept returns, as long as it accepts.
func (e *entrance) hand(a accepted) bool {
	select {
	case e.ready <- a:
		return true
	case <-e.over:
		return false
	}
}

// handshakeTrouble says in words of ours what is wrong with a client.
func handshakeTrouble(err error) string {
	var record tls.RecordHeaderError
	var verify *tls.CertificateVerificationError
	switch {
	case errors.As(err, &record):
		return "the client does not speak TLS"
	case errors.As(err, &verify):
		return "the client's certificate is not accepted"
	case strings.HasSuffix(err.Error(), "client didn't provide a certificate"):
		return "the client has no certificate"
	case strings.Contains(err.Error(), "remote error: tls:"):
		return "the client does not accept our certificate, or ended the TLS handshake"
	}
	return "the TLS handshake failed"
}

// handshake returns a connection as net/http wants it: HTTP/2 on a *tls.Conn.
func (s *Server) handshake(seat *seat) (net.Conn, error) {
	if err := seat.SetDeadline(time.Now().Add(s.ReadHeader)); err != nil {
		return nil, err
	}
	seat.hello = 1
	secure := tls.Server(seat, s.TLS())
	if err := secure.Handshake(); err != nil {
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			s.closed(limited(Slow, "read_header", "the TLS handshake took too long"), 0)
		case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, errBusy): // the client left, or that was told
		default:
			s.closed(refuse(Unparseable, handshakeTrouble(err)), 0)
		}
		return nil, err
	}
	seat.hello = 0
	seat.held.keep(0)
	if err := seat.SetDeadline(time.Time{}); err != nil {
		return nil, err
	}
	if secure.ConnectionState().NegotiatedProtocol == "h2" {
		s.floor.mu.Lock()
		defer s.floor.mu.Unlock()
		if s.floor.seated(seat) {
			s.takes(seat, perHTTP2)
		}
		return secure, nil
	}
	return strict(secure, seat), nil
}
