// Package lane owns the short way from a plaintext HTTP/1.1 connection to package hls: the requests that
// every viewer makes several times a second are read, answered and written here, in one write and without
// what net/http does for each request.
//
// It refuses everything else. Whatever is not such a request, in its strictest form, goes to net/http, as do
// those that fail: there is one place that knows how to say no. TLS, HTTP/2 and bodies are net/http's.
//
// # How the two share a connection
//
// The lane is a [net.Conn] below net/http, and works inside Read. When net/http waits for the next request, the
// connection reads it, answers what it can by itself, and returns only with the head of a request that is
// none of its own; so the goroutine, the limits and the shutdown are net/http's. While net/http answers, bytes
// that come early are kept back. The connection takes up its work again when net/http says that the answer is
// out and if it is sure where the next request begins: what it handed over was exactly one head without a
// body, of which both read the end at the same place. Else net/http keeps the connection for good.
//
// A request that waits for a part holds its goroutine and is not told when the client leaves. It waits at most
// for a quarter of the time after which a silent viewer is forgotten ([hls.Server.Answer]); then net/http
// takes over or the write fails.
package lane

import (
	"cmp"
	"net"
	"net/http"
	"net/netip"
	"time"

	"xianfeng/media/hls"
)

// Answerer is [hls.Server].
type Answerer interface {
	Answer(q *hls.Request, a *hls.Answer) bool
}

// Config says what net/http's handlers add around those of package hls.
type Config struct {
	HLS Answerer
	// Lines are header lines of every answer, each with its CRLF.
	Lines string
	// Admits says whether a request with these headers goes on to HLS at all; nil: every one does.
	Admits func(host, origin string) bool
}

// Serve is [http.Server.Serve] with the lane before it. It takes the timeouts of srv, and sets its ConnState and
// Protocols: HTTP/1.1, and for clients on this machine HTTP/2 without TLS, which a proxy may want.
func Serve(srv *http.Server, ln net.Listener, cfg Config) error {
	l, end := prepare(srv, ln, cfg)
	defer end()
	return srv.Serve(l) //nolint:wrapcheck // as http.Server's own
}

// prepare returns the listener for srv, and what to call when srv does not accept any more.
func prepare(srv *http.Server, ln net.Listener, cfg Config) (l *listener, end func()) {
	srv.Protocols = new(http.Protocols)
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetUnencryptedHTTP2(true)
	srv.ConnState = func(c net.Conn, state http.ConnState) {
		if x, ok := c.(*conn); ok {
			x.state(state)
		}
	}
	// As http.Server fills in what is not set; 0 even so means none.
	l = &listener{ln, &shared{
		Config: cfg, here: local,
		headTime: cmp.Or(srv.ReadHeaderTimeout, srv.ReadTimeout), idleTime: cmp.Or(srv.IdleTimeout, srv.ReadTimeout), writeTime: srv.WriteTimeout,
	}}
	p, err := newPoller()
	if err != nil {
		return l, func() {} // it works without, for more
	}
	l.shared.poller = p
	return l, p.done
}

// shared is what all connections of a listener know.
type shared struct {
	Config
	here                          func(net.Addr) bool // whether the peer is this machine
	poller                        *poller             // nil: sockets are left to the runtime
	headTime, idleTime, writeTime time.Duration
}

type listener struct {
	net.Listener
	shared *shared
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err //nolint:wrapcheck // http.Server looks at it
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return c, nil
	}
	return newConn(tcp, l.shared), nil
}

// local reports whether an address is of this machine itself.
func local(a net.Addr) bool {
	p, err := netip.ParseAddrPort(a.String())
	return err == nil && p.Addr().Unmap().IsLoopback()
}
