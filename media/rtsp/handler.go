package rtsp

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/liberrors"
)

// handler receives what gortsplib's server tells. Its methods run on the goroutines of connections and
// sessions; all of one request run one after the other.
type handler struct{ s *Server }

// netConn returns our side of a connection.
func netConn(c *gortsplib.ServerConn) *conn { return c.NetConn().(*conn) }

// OnRequest counts requests: a connection that made none gets another log line.
func (h *handler) OnRequest(c *gortsplib.ServerConn, _ *base.Request) {
	netConn(c).requests.Add(1)
}

// OnResponse completes the response to a request, just before it is written.
func (h *handler) OnResponse(c *gortsplib.ServerConn, res *base.Response) {
	nc := netConn(c)
	if f := nc.onResponse; f != nil {
		nc.onResponse = nil
		f(res)
	}
	res.Header["Server"] = base.HeaderValue{"xianfeng"}
	if !nc.streaming.Load() {
		nc.SetReadDeadline(time.Time{}) //nolint:errcheck // a closed connection ends by itself
	}
}

// OnConnClose logs connections that ended otherwise than they should.
func (h *handler) OnConnClose(ctx *gortsplib.ServerHandlerOnConnCloseCtx) {
	level := slog.LevelWarn
	if expected(ctx.Error) {
		level = slog.LevelDebug
	}
	h.s.log.Log(h.s.ctx, level, "connection closed", "remote", remote(ctx.Conn), "requests", netConn(ctx.Conn).requests.Load(), "error", withoutAddress(ctx.Error))
}

// expected reports whether err is how good connections end, too.
func expected(err error) bool {
	for _, good := range []error{io.EOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, good) {
			return true
		}
	}
	return errors.As(err, new(liberrors.ErrServerTerminated)) || errors.As(err, new(liberrors.ErrServerSessionTornDown))
}

// withoutAddress takes the address out of gortsplib's complaint about it: there may be a key in it.
func withoutAddress(err error) string {
	text := err.Error()
	if i := strings.Index(text, "rtsp"); i >= 0 {
		text = text[:i] + "...)"
	}
	return text
}

// OnSessionClose lets go of all that a session holds.
func (h *handler) OnSessionClose(ctx *gortsplib.ServerHandlerOnSessionCloseCtx) {
	switch x := ctx.Session.UserData().(type) {
	case *ingest:
		x.close()
	case *seat:
		x.leave()
	}
	h.s.log.Debug("session closed", "error", ctx.Error)
}

// OnPacketsLost counts what a publisher's network lost.
func (h *handler) OnPacketsLost(ctx *gortsplib.ServerHandlerOnPacketsLostCtx) {
	if in, yes := ctx.Session.UserData().(*ingest); yes && in.pub != nil {
		in.pub.AddLost(ctx.Lost)
	}
}

// OnDecodeError hears of packets that don't parse.
func (h *handler) OnDecodeError(ctx *gortsplib.ServerHandlerOnDecodeErrorCtx) {
	h.s.log.Debug("packet refused", "error", ctx.Error)
}

// OnStreamWriteError is there because gortsplib would print otherwise.
func (h *handler) OnStreamWriteError(ctx *gortsplib.ServerHandlerOnStreamWriteErrorCtx) {
	h.s.log.Debug("write failed", "error", ctx.Error)
}
