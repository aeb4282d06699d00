package rtmp

import (
	"errors"
	"fmt"
	"slices"

	"github.com/bluenviron/gortmplib/pkg/amf0"
	"github.com/bluenviron/gortmplib/pkg/message"

	"xianfeng/media"
)

// publish lets a publisher go on and brings in what it sends, until it leaves or has to.
func (c *conn) publish(q request) error {
	if q.err != nil {
		return q.err
	}
	access := media.Access{Action: media.Publish, Stream: q.name, Protocol: Protocol, Remote: c.remote, Key: q.key}
	if err := c.srv.gate.Allow(access); err != nil {
		return err
	}
	// Encoders send nothing before they are told to start, so the tracks are known only later.
	if err := c.srv.hub.Vacant(q.name); err != nil {
		return err
	}
	if err := c.send(status("status", "NetStream.Publish.Start", "publishing "+q.name)); err != nil {
		return c.why(err)
	}
	c.srv.letThrough(c)
	c.budget.free = true
	c.in.trust()
	in := newIngest(c.srv.log.With("stream", q.name, "remote", c.remote), func(tracks []media.Track) (*media.Publisher, error) {
		return c.srv.hub.Publish(media.PublishRequest{Name: q.name, Protocol: Protocol, Remote: c.remote, Tracks: tracks, Close: c.stop})
	})
	defer in.close()
	for {
		c.readWithin(c.srv.cfg.Timeout)
		m, err := c.read()
		if err != nil {
			return c.why(err)
		}
		switch message.Type(m.Type) {
		case message.TypeVideo:
			err = in.video(m.Timestamp, m.Body)
		case message.TypeAudio:
			err = in.audio(m.Timestamp, m.Body)
		case message.TypeDataAMF0, message.TypeDataAMF3:
			if values, bad := decodeData(m); bad == nil {
				in.metadata(values)
			}
		default:
			var left bool
			if left, err = leaves(m); left {
				return errGone
			}
		}
		if err != nil {
			return c.why(fmt.Errorf("publish %q: %w", q.name, err))
		}
	}
}

// announcement is what onMetaData says about the tracks to come.
type announcement struct {
	video, audio bool
}

// readMetadata finds the announcement in a data message, and reports false where there is none.
func readMetadata(values []any) (announcement, bool) {
	i := slices.IndexFunc(values, func(v any) bool { return v == any("onMetaData") })
	if i < 0 || i+1 >= len(values) {
		return announcement{}, false
	}
	var o amf0.Object
	switch v := values[i+1].(type) {
	case amf0.Object:
		o = v
	case amf0.ECMAArray:
		o = amf0.Object(v)
	}
	has := func(key string) bool {
		switch v, _ := o.Get(key); v := v.(type) {
		case float64:
			return v != 0
		case string:
			return v != ""
		}
		return false
	}
	a := announcement{video: has("videocodecid"), audio: has("audiocodecid")}
	return a, a.video || a.audio
}

// errChanged ends a publisher whose tracks turn into others; it may come back with those.
var errChanged = errors.New("the coding format changed within the stream")
