package mpegts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"xianfeng/media"
)

// Feed reads until there are samples and writes them to pub. It returns io.EOF at the end, and the
// publisher's error where it takes no more.
func (x *Reader) Feed(pub *media.Publisher) error {
	var failed error
	err := x.Read(func(track int, s media.Sample) {
		if failed == nil {
			failed = pub.Write(track, s)
		}
	})
	if err == nil && failed != nil {
		err = fmt.Errorf("publish MPEG-TS: %w", failed)
	}
	return err
}

// pump writes a transport stream to the publisher that publish returns, until it ends. alive is called
// whenever there were samples. Where ctx ends first it returns the context's error at the next
// sample; a read that blocks is for the caller to interrupt.
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
		switch err := in.Feed(pub); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if n := in.Lost(); n != lost {
			pub.AddLost(n - lost)
			lost = n
		}
		alive()
	}
	return fmt.Errorf("publish MPEG-TS: %w", ctx.Err())
}
