package app

import (
	"context"
	"errors"

	"xianfeng/internal/errs"
	"xianfeng/media"
	"xianfeng/recordings"
	"xianfeng/signaling/broadcast"
)

// recordBroadcasts has the recorder follow what is on air.
func (s *server) recordBroadcasts() {
	s.run("recordings of broadcasts", (&broadcast.Recordings{Programme: s.network.air, Recorder: tapes{s}, Log: s.log}).Run)
}

// tapes gives broadcasts the recorder of the library.
type tapes struct{ s *server }

// Record implements broadcast.Recorder. The recording outlives ctx: the recorder ends it when the server stops.
func (t tapes) Record(ctx context.Context, name, title, item string) (broadcast.Recording, error) {
	stream, err := t.s.hub.Lookup(name)
	if errors.Is(err, media.ErrNotFound) {
		return nil, errs.NotFound
	}
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the stream
	}
	x, err := t.s.recorder.Start(context.WithoutCancel(ctx), stream, recordings.Meta{Title: title, Item: item})
	if errors.Is(err, errs.NotFound) && item != "" { // somebody threw it away meanwhile
		x, err = t.s.recorder.Start(context.WithoutCancel(ctx), stream, recordings.Meta{Title: title})
	}
	if err != nil {
		return nil, err //nolint:wrapcheck // it names the stream
	}
	return tapeOf{x}, nil
}

type tapeOf struct{ *recordings.Recording }

func (t tapeOf) Stop() error {
	_, err := t.Recording.Stop()
	return err
}
