package proxy

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server is the way in for clients: net/http's server with bounds on connections,
// headers and time, and without what that one forgives. What a client may send is
// for its Handler to say. Set the fields before Serve; a Server serves once.
type Server struct {
	Handler http.Handler

	// TLS returns the configuration for each connection, with the protocols it
	// offers (h2 and http/1.1 are known). Nil: clear text, and HTTP/1.1 only.
	TLS func() *tls.Config

	Headers     int // bytes of a header block; past it the answer is 431
	Connections int // at one time, and as many requests; past it one that waits has to go, or the answer is busy

	ReadHeader time.Duration // until a header block is there, a TLS handshake included
	ReadBody   time.Duration // from there until the body is there
	Idle       time.Duration // between two requests of a connection
	Write      time.Duration // for the client to take the next piece of an answer

	// Observe, if set, is told of what was refused here and reached no Handler: of
	// requests, and of connections that failed before there was one (Status is then
	// what net/http answered, or 0 where the connection was closed).
	Observe func(Outcome)

	// HTTP is net/http's part. Set its ErrorLog, whose lines can hold text of a
	// request; the rest is set by Serve.
	HTTP http.Server

	floor floor
	once  sync.Once
	ctx   context.Context // of all requests
	stop  context.CancelCauseFunc
	ended chan struct{} // closed once Shutdown has ended
}

// Serve serves the connections of l until Shutdown has ended; then it returns nil.
func (s *Server) Serve(l net.Listener) error {
	s.init()
	defer s.stop(nil)
	s.HTTP.Handler = http.HandlerFunc(s.serve)
	s.HTTP.ReadHeaderTimeout, s.HTTP.IdleTimeout = s.ReadHeader, s.Idle
	s.HTTP.MaxHeaderBytes = s.Headers // net/http lets 4 KiB more pass, see framing
	// What a client may send unasked on one connection, read or not.
	s.HTTP.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 100, MaxReceiveBufferPerConnection: 256 << 10, MaxReceiveBufferPerStream: 128 << 10}
	s.HTTP.DisableGeneralOptionsHandler = true // OPTIONS * is refused as everything is that has no route
	s.HTTP.BaseContext = func(net.Listener) context.Context { return s.ctx }
	s.HTTP.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, c)
	}
	e := &entrance{Listener: l, s: s, ready: make(chan net.Conn), closed: make(chan struct{})}
	err := s.HTTP.Serve(e)
	e.shaking.Wait()
	if !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-s.ended // or the contexts of what is under way would end here
	return nil
}

func (s *Server) init() {
	s.once.Do(func() {
		s.ctx, s.stop = context.WithCancelCause(context.Background())
		s.ended = make(chan struct{})
	})
}

// Shutdown takes no more connections and waits for the requests under way. Once soft
// is done it ends their contexts, with ErrStopping for their cause, so that clients
// get an answer that says so; once hard is done it cuts off what is left. It returns
// how many requests were under way when soft was done. It may be called once.
func (s *Server) Shutdown(soft, hard context.Context) (late int) {
	s.init()
	go func() {
		defer close(s.ended)
		if s.HTTP.Shutdown(hard) != nil {
			s.HTTP.Close()
		}
	}()
	select {
	case <-s.ended:
		return 0
	case <-soft.Done():
	}
	s.stop(ErrStopping)
	late = s.floor.stop()
	<-s.ended
	return late
}

// Open returns how many connections there are now.
func (s *Server) Open() int { return s.floor.count() }

type connKey struct{}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	var refusal *Refusal
	var seat *seat
	switch c := r.Context().Value(connKey{}).(type) {
	case *strictConn:
		seat, refusal = c.seat, c.next()
	case *tls.Conn:
		seat = seatOf(c)
	}
	requests := s.floor.begin(seat)
	defer s.floor.end(seat)
	if seat.extra || requests > s.Connections {
		refusal = limited(Busy, "connections", "too many connections or requests at once; try again")
	}
	if refusal != nil {
		s.refuse(w, r, refusal)
		return
	}
	if r.Body != http.NoBody {
		c := http.NewResponseController(w)
		if err := c.SetReadDeadline(time.Now().Add(s.ReadBody)); err != nil {
			panic(http.ErrAbortHandler) // the connection is gone
		}
		timed := *r // net/http looks at its own body to tell whether the connection can go on
		timed.Body = &timedBody{r.Body, c}
		r = &timed
	}
	s.Handler.ServeHTTP(w, r)
}

// refuse answers, and ends the connection.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, refusal *Refusal) {
	refusal.ID = rand.Text()
	w.Header().Set("Connection", "close")
	o := Outcome{Status: refusal.Status, ID: refusal.ID}
	o.refused(refusal)
	s.observe(o)
	refusal.write(w, r)
}

func (s *Server) observe(o Outcome) {
	if s.Observe != nil {
		s.Observe(o)
	}
}

// closed tells of a connection that ended before there was a request.
func (s *Server) closed(refusal *Refusal, status int) {
	o := Outcome{Status: status}
	o.refused(refusal)
	s.observe(o)
}

// A timedBody takes the deadline away once the body is there: waiting for the
// collector is not its matter.
type timedBody struct {
	io.ReadCloser
	c *http.ResponseController
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.c.SetReadDeadline(time.Time{}) // it fails only where the connection is gone
	}
	return n, err
}

// An entrance is the listener as net/http sees it: of connections that are admitted
// and, where there is TLS, whose handshake is done.
type entrance struct {
	net.Listener
	s       *Server
	once    sync.Once
	ready   chan net.Conn
	err     error // of the listener, once closed
	closed  chan struct{}
	shaking sync.WaitGroup
}

func (e *entrance) Accept() (net.Conn, error) {
	if e.s.TLS == nil {
		seat, err := e.admitted()
		if err != nil {
			return nil, err
		}
		return strict(seat, seat), nil
	}
	e.once.Do(func() { e.shaking.Go(e.acceptTLS) })
	select {
	case c := <-e.ready:
		return c, nil
	case <-e.closed:
		return nil, e.err
	}
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

// acceptTLS shakes hands with every client, at its own pace.
func (e *entrance) acceptTLS() {
	defer close(e.closed)
	for {
		seat, err := e.admitted()
		if err != nil {
			e.err = err
			return
		}
		e.shaking.Go(func() {
			conn, err := e.s.handshake(seat)
			if err != nil {
				seat.Close()
				return
			}
			select {
			case e.ready <- conn:
			case <-e.closed:
				conn.Close()
			}
		})
	}
}

// handshake returns a connection as net/http wants it: HTTP/2 on a *tls.Conn.
func (s *Server) handshake(seat *seat) (net.Conn, error) {
	if err := seat.SetDeadline(time.Now().Add(s.ReadHeader)); err != nil {
		return nil, err
	}
	secure := tls.Server(seat, s.TLS())
	if err := secure.Handshake(); err != nil {
		s.closed(refuse(Unparseable, "the TLS handshake failed"), 0)
		return nil, err
	}
	if err := seat.SetDeadline(time.Time{}); err != nil {
		return nil, err
	}
	if secure.ConnectionState().NegotiatedProtocol == "h2" {
		return secure, nil
	}
	return strict(secure, seat), nil
}
