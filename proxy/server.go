package proxy

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
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

	InFlight *InFlight // headers, and what each request takes, are counted there too; nil: nowhere

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
	// What a client may send unasked on one connection, read or not: the least that is
	// allowed, since memory is kept for it.
	s.HTTP.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 100, MaxReceiveBufferPerConnection: 64 << 10, MaxReceiveBufferPerStream: 64 << 10, MaxReadFrameSize: 16 << 10}
	s.HTTP.DisableGeneralOptionsHandler = true // OPTIONS * is refused as everything is that has no route
	s.HTTP.BaseContext = func(net.Listener) context.Context { return s.ctx }
	s.HTTP.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, c)
	}
	s.HTTP.ConnState = func(c net.Conn, state http.ConnState) { s.floor.turn(seatOf(c), state) }
	e := &entrance{Listener: l, s: s, ready: make(chan accepted), over: make(chan struct{})}
	if s.TLS != nil {
		e.shaking.Go(e.acceptTLS)
	}
	err := s.HTTP.Serve(e)
	close(e.over)
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
		if s.InFlight != nil {
			relieve := s.relieve
			s.InFlight.relieve.Store(&relieve)
		}
	})
}

// Shutdown takes no more connections and waits for the requests under way. Once soft
// is done it ends their contexts, with ErrStopping for their cause, so that clients
// get an answer that says so; once hard is done it cuts off what is left. It returns
// how many requests were under way when soft was done. It may be called once.
func (s *Server) Shutdown(soft, hard context.Context) (late int) {
	s.init()
	cut := 0 // requests, read once ended is closed
	go func() {
		defer close(s.ended)
		if s.HTTP.Shutdown(hard) != nil {
			cut = s.floor.cut()
			s.HTTP.Close()
		}
	}()
	select {
	case <-s.ended:
	case <-soft.Done():
	}
	late = s.floor.close()
	s.stop(ErrStopping)
	<-s.ended
	return max(late, cut) // both may be done at once
}

// Open returns how many connections there are now.
func (s *Server) Open() int { return s.floor.count() }

type connKey struct{}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	conn := r.Context().Value(connKey{}).(net.Conn)
	strict, _ := conn.(*strictConn) // nil: HTTP/2
	d := &deadlines{c: http.NewResponseController(w)}
	defer d.done()
	var refusal *Refusal
	if strict != nil {
		refusal = strict.next()
	} else {
		w = &pacedWriter{w, d, seatOf(conn)}
	}
	visit, full := s.begin(seatOf(conn), r)
	defer visit.end()
	if full != nil {
		refusal = full
		r.Header = http.Header{"Origin": r.Header["Origin"]} // nobody counts the rest
	}
	answer := &answering{ResponseWriter: w, visit: visit}
	body := &timedBody{ReadCloser: r.Body, deadlines: d, strict: strict, visit: visit, ctx: r.Context()}
	if r.Body != http.NoBody {
		if d.read(time.Now().Add(s.ReadBody)) != nil {
			panic(http.ErrAbortHandler) // the connection is gone
		}
		defer context.AfterFunc(body.ctx, body.stop)()
		defer body.stop()
		timed := *r // net/http looks at its own body to tell whether the connection can go on
		timed.Body = body
		r = &timed
	}
	if refusal != nil {
		s.refuse(answer, r, refusal)
	} else {
		s.Handler.ServeHTTP(answer, r)
	}
	if strict == nil {
		_ = w.(*pacedWriter).FlushError() // or net/http would write what it holds back, in any time
	} else if r.Body == body && (r.Header.Get("Expect") == "" || body.begun.Load()) { // or it does not come
		body.drain(w)
	}
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
