package rtmp

import (
	"errors"

	"github.com/bluenviron/gortmplib/pkg/amf0"
	"github.com/bluenviron/gortmplib/pkg/message"

	"xianfeng/media"
)

const (
	streamID       = 1
	streamIDOnWire = 0x1000000 // little-endian (RTMP 1.0 §5.3.1.2.1), which gortmplib leaves to its user
	commandChunks  = 3
	statusChunks   = 5
)

// status is an onStatus command about the stream (RTMP 1.0 §7.2.2).
func status(level, code, description string) message.Message {
	return &message.CommandAMF0{
		ChunkStreamID:   statusChunks,
		MessageStreamID: streamIDOnWire,
		Name:            "onStatus",
		Arguments: []any{nil, amf0.Object{
			{Key: "level", Value: level},
			{Key: "code", Value: code},
			{Key: "description", Value: description},
		}},
	}
}

// refusal tells a client why it can't publish or play, or no longer.
func refusal(action media.Action, err error) message.Message {
	return status("error", errorCode(action, err), clip(err))
}

// rejection tells a client that asks for nothing, or in a way that can't be understood, why it is closed.
func (c *conn) rejection(err error) message.Message {
	info := func(code string) amf0.Object {
		return amf0.Object{
			{Key: "level", Value: "error"},
			{Key: "code", Value: code},
			{Key: "description", Value: clip(err)},
		}
	}
	if c.greeted {
		return &message.CommandAMF0{
			ChunkStreamID: commandChunks, Name: "onStatus",
			Arguments: []any{nil, info("NetConnection.Connect.Failed")},
		}
	}
	const connectID = 1 // RTMP 1.0 §7.2.1.1: always
	return &message.CommandAMF0{
		ChunkStreamID: commandChunks, Name: "_error", CommandID: connectID,
		Arguments: []any{nil, info("NetConnection.Connect.Rejected")},
	}
}

// clip returns an error's text, as long as a client can be expected to show.
func clip(err error) string {
	const longest = 200
	text := err.Error()
	return text[:min(len(text), longest)]
}

// errorCode translates the kinds of failure. RTMP has no closed list of codes; these are the ones that
// Flash Media Server gave and clients know.
func errorCode(action media.Action, err error) string {
	if action == media.Publish {
		switch {
		case errors.Is(err, media.ErrBadName), errors.Is(err, media.ErrBusy):
			return "NetStream.Publish.BadName"
		case errors.Is(err, media.ErrDenied), errors.Is(err, media.ErrLimit):
			return "NetStream.Publish.Denied"
		}
		return "NetStream.Publish.Rejected"
	}
	if errors.Is(err, media.ErrBadName) || errors.Is(err, media.ErrNotFound) {
		return "NetStream.Play.StreamNotFound"
	}
	return "NetStream.Play.Failed"
}
