package rtsp

import (
	"fmt"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"

	"xianfeng/media"
)

// OnAnnounce lets a publisher in, or not, and learns its tracks.
func (h *handler) OnAnnounce(ctx *gortsplib.ServerHandlerOnAnnounceCtx) (*base.Response, error) {
	name, err := h.s.allow(media.Publish, ctx.Conn, ctx.Request, ctx.Path, ctx.Query)
	if err != nil {
		return h.s.refuse(ctx.Conn, ctx.Request, err), nil
	}
	if err := h.s.hub.Vacant(name); err != nil {
		return h.s.refuse(ctx.Conn, ctx.Request, err), nil
	}
	in, err := newIngest(name, ctx.Description, h.s.log)
	if err != nil {
		return h.s.refuse(ctx.Conn, ctx.Request, err), nil
	}
	ctx.Session.SetUserData(in)
	return ok(), nil
}

// OnRecord makes the session the publisher of its stream.
func (h *handler) OnRecord(ctx *gortsplib.ServerHandlerOnRecordCtx) (*base.Response, error) {
	in, announced := ctx.Session.UserData().(*ingest)
	if !announced {
		return h.s.refuse(ctx.Conn, ctx.Request, fmt.Errorf("%w: nothing was announced", errBadRequest)), nil
	}
	session := ctx.Session
	pub, err := h.s.hub.Publish(media.PublishRequest{
		Name: in.name, Protocol: protocol, Remote: remote(ctx.Conn), Tracks: in.tracks(),
		Close: func(error) { session.Close() },
	})
	if err != nil {
		return h.s.refuse(ctx.Conn, ctx.Request, err), nil
	}
	in.bind(session, pub, session.Close)
	in.conn = netConn(ctx.Conn)
	in.conn.setStreaming(true)
	in.conn.recording.Store(true)
	return ok(), nil
}

// close takes the publisher off the stream, if it got that far.
func (in *ingest) close() {
	if in.pub != nil {
		in.pub.Close()
		in.conn.recording.Store(false)
		in.conn.setStreaming(false)
	}
}
