package rtsp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/headers"
	"github.com/pion/rtcp"

	"xianfeng/media"
)

// seat is what a session has that was set up for playing.
type seat struct {
	e     *egress
	name  string
	shell *shell
	view  *viewer // while it plays

	mu    sync.Mutex // guards setup
	setup []setup
}

// setup is the outcome of one SETUP request.
type setup struct {
	media     int // index in the SDP
	transport headers.Transport
}

// newSeat takes a seat at the egress of a stream. TCP sessions share a shell. UDP sessions have one
// each: gortsplib looks into all sessions of a shell when one more is set up for UDP, without a lock.
func (s *Server) newSeat(stream *media.Stream, udp bool) (*seat, error) {
	e, err := s.egressOf(stream)
	if err != nil {
		return nil, err
	}
	x := &seat{e: e, name: stream.Name(), shell: e.shared}
	if udp {
		if x.shell, err = e.newShell(); err != nil {
			e.release()
			return nil, err
		}
	}
	return x, nil
}

// answered takes note of the response to a SETUP request, in which it puts right the SSRC.
func (x *seat) answered(res *base.Response) {
	var t headers.Transport
	if res.StatusCode != base.StatusOK || t.Unmarshal(res.Header["Transport"]) != nil || t.SSRC == nil {
		return
	}
	i := slices.Index(x.shell.ssrc, *t.SSRC)
	if i < 0 {
		return
	}
	t.SSRC = &x.e.lanes[i].ssrc
	res.Header["Transport"] = t.Marshal()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.setup = append(x.setup, setup{i, t})
}

// open returns the stream that a request wants to read, once a reader can begin.
func (h *handler) open(c *gortsplib.ServerConn, req *base.Request, path, query string) (*media.Stream, error) {
	name, err := h.s.allow(media.Read, c, req, path, query)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(h.s.ctx, openTimeout)
	defer cancel()
	return h.s.hub.Open(ctx, name) //nolint:wrapcheck // says it all
}

// OnDescribe answers with the tracks of a stream.
func (h *handler) OnDescribe(ctx *gortsplib.ServerHandlerOnDescribeCtx) (*base.Response, *gortsplib.ServerStream, error) {
	stream, err := h.open(ctx.Conn, ctx.Request, ctx.Path, ctx.Query)
	if err != nil {
		return h.s.refuse(ctx.Conn, ctx.Request, err), nil, nil
	}
	desc, _, err := describe(stream)
	if err != nil {
		return h.s.refuse(ctx.Conn, ctx.Request, err), nil, nil
	}
	res := ok()
	if res.Body, err = desc.Marshal(false); err != nil {
		return h.s.refuse(ctx.Conn, ctx.Request, fmt.Errorf("describe %q: %w", stream.Name(), err)), nil, nil
	}
	return res, nil, nil
}

// OnSetup sets up one track, of a publisher or of a reader.
func (h *handler) OnSetup(ctx *gortsplib.ServerHandlerOnSetupCtx) (*base.Response, *gortsplib.ServerStream, error) {
	if ctx.Session.State() == gortsplib.ServerSessionStatePreRecord {
		return ok(), nil, nil
	}
	x, have := ctx.Session.UserData().(*seat)
	if !have || ctx.Session.State() == gortsplib.ServerSessionStateInitial {
		// A seat from a SETUP that failed afterwards may be another stream's.
		if have {
			x.leave()
			ctx.Session.SetUserData(nil)
		}
		stream, err := h.open(ctx.Conn, ctx.Request, ctx.Path, ctx.Query)
		if err != nil {
			return h.s.refuse(ctx.Conn, ctx.Request, err), nil, nil
		}
		if x, err = h.s.newSeat(stream, ctx.Transport == gortsplib.TransportUDP); err != nil {
			return h.s.refuse(ctx.Conn, ctx.Request, err), nil, nil
		}
		ctx.Session.SetUserData(x)
	}
	netConn(ctx.Conn).onResponse = x.answered
	return ok(), x.shell.gs, nil
}

// OnPlay starts the flow of packets right behind the response.
func (h *handler) OnPlay(ctx *gortsplib.ServerHandlerOnPlayCtx) (*base.Response, error) {
	x, have := ctx.Session.UserData().(*seat)
	switch {
	case !have:
		return h.s.refuse(ctx.Conn, ctx.Request, fmt.Errorf("%w: nothing was set up", errBadRequest)), nil
	case x.view != nil: // some clients keep sessions alive like this
		return ok(), nil
	}
	v, err := x.play(ctx.Session, ctx.Conn)
	if err != nil {
		return h.s.refuse(ctx.Conn, ctx.Request, err), nil
	}
	x.view = v
	first := v.e.key.Load()
	if first != nil {
		// What RTP-Info is about to say must hold even if a key frame comes in between.
		v.at = &burst{seq: first.seq - 1}
		v.at.next.Store(first)
	}
	v.e.attach(v)
	v.conn.onResponse = func(res *base.Response) {
		if res.StatusCode != base.StatusOK {
			return // the session closes
		}
		res.Header["RTP-Info"] = v.rtpInfo(first, ctx.Request.URL, ctx.Path).Marshal()
		v.conn.setStreaming(true)
		v.conn.whenAnswered(v.flow)
	}
	h.s.log.Info("reader came", "stream", v.name, "remote", v.remote, "transport", ctx.Session.SetuppedTransport().String())
	return ok(), nil
}

// OnPause stops the flow of packets until the next PLAY, which begins at the newest key frame.
func (h *handler) OnPause(ctx *gortsplib.ServerHandlerOnPauseCtx) (*base.Response, error) {
	if x, have := ctx.Session.UserData().(*seat); have {
		x.pause()
	}
	return ok(), nil
}

// play makes a viewer of the session, without starting it.
func (x *seat) play(session *gortsplib.ServerSession, c *gortsplib.ServerConn) (*viewer, error) {
	v := &viewer{
		e: x.e, name: x.name, remote: remote(c), session: session, conn: netConn(c),
		udp: *session.SetuppedTransport() == gortsplib.TransportUDP, routes: make([]route, len(x.e.lanes)),
	}
	ip := c.NetConn().RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap()
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, done := range x.setup {
		r, t := route{on: true}, done.transport
		switch {
		case v.udp && t.ClientPorts != nil && isPort(t.ClientPorts[0]) && isPort(t.ClientPorts[1]):
			r.rtp = x.e.s.out.Peer(netip.AddrPortFrom(ip, uint16(t.ClientPorts[0]))) //nolint:gosec // parsed as 16 bits
			r.rtcp = netip.AddrPortFrom(ip, uint16(t.ClientPorts[1]))                //nolint:gosec // the same
		case !v.udp && t.InterleavedIDs != nil && t.InterleavedIDs[0] >= 0 && t.InterleavedIDs[1] <= 255:
			r.channel = t.InterleavedIDs[0]
		default:
			return nil, fmt.Errorf("%w: no ports and no channels", errBadRequest)
		}
		v.routes[done.media] = r
		session.OnPacketRTCP(x.e.desc.Medias[done.media], func(p rtcp.Packet) { v.onRTCP(done.media, p) })
	}
	var err error
	if v.counted, err = x.e.stream.NewSession(protocol, v.remote, func(error) { session.Close() }); err != nil {
		return nil, fmt.Errorf("play %q: %w", x.name, err)
	}
	return v, nil
}

func isPort(n int) bool { return n > 0 && n < 1<<16 }

// flow lets packets go. It is called under conn.mu.
func (v *viewer) flow() {
	v.conn.flow = true
	v.live.Store(true)
	v.sender.wake()
}

// pause ends the viewer, if the session plays.
func (x *seat) pause() {
	if x.view != nil {
		x.view.stop()
		x.view = nil
	}
}

// leave gives up the seat.
func (x *seat) leave() {
	x.pause()
	if x.shell != x.e.shared {
		x.shell.gs.Close()
	}
	x.e.release()
}

// rtpInfo returns the header that tells the first packet of each track (RFC 2326 §12.33). The time stamps
// all mean the same instant, that of the first burst.
func (v *viewer) rtpInfo(first *burst, u *base.URL, path string) headers.RTPInfo {
	var info headers.RTPInfo
	for i, r := range v.routes {
		if !r.on {
			continue
		}
		entry := &headers.RTPInfoEntry{URL: (&base.URL{Scheme: u.Scheme, Host: u.Host, Path: fmt.Sprintf("%s/trackID=%d", path, i)}).String()}
		for b := first; b != nil; b = b.next.Load() {
			if b.track == i {
				ts := uint32(media.Ticks(first.dts, v.e.lanes[i].clock)) //nolint:gosec // time stamps wrap
				seq := b.first
				entry.SequenceNumber, entry.Timestamp = &seq, &ts
				break
			}
		}
		info = append(info, entry)
	}
	return info
}
