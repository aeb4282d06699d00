package mpegts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"xianfeng/media"
)

// Publish reads a transport stream from r until it ends, and writes it to the publisher that publish
// returns once the tracks are known. It returns nil at the end of r. Where ctx ends first it returns
// the context's error at the next sample; a Read of r that blocks is for the caller to interrupt.
func Publish(ctx context.Context, log *slog.Logger, r io.Reader, publish func([]media.Track) (*media.Publisher, error)) error {
	in, err := NewReader(r)
	if err != nil {
		return err
	}
	return pump(ctx, log, in, publish, func() {})
}

// pump does the work of Publish. alive is called whenever there were samples.
func pump(ctx context.Context, log *slog.Logger, in *Reader, publish func([]media.Track) (*media.Publisher, error), alive func()) error {
	pub, err := publish(in.Tracks())
	if err != nil {
		return fmt.Errorf("publish MPEG-TS: %w", err)
	}
	defer pub.Close()
	if len(in.Ignored()) > 0 {
		log.Info("tracks left out", "stream", pub.Stream().Name(), "protocol", pub.Protocol, "tracks", in.Ignored())
	}
	var lost uint64
	for ctx.Err() == nil {
		var failed error
		err := in.Read(func(track int, s media.Sample) {
			if failed == nil {
				failed = pub.Write(track, s)
			}
		})
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case failed != nil:
			return fmt.Errorf("publish MPEG-TS: %w", failed)
		}
		if n := in.Lost(); n != lost {
			pub.AddLost(n - lost)
			lost = n
		}
		alive()
	}
	return fmt.Errorf("publish MPEG-TS: %w", ctx.Err())
}
