package testcard

import (
	"context"
	"fmt"
	"slices"
	"time"

	"xianfeng/media"
)

// slack is how far the wall clock may be from where the programme is before the programme is taken to
// where the clock is: somebody set the clock, or the machine slept.
const slack = 3 * time.Second

// Run publishes the card as the stream name until ctx ends, and then returns nil. It returns early with
// the reason where the name can't be published or the hub wants the publisher gone. It starts no goroutine.
func Run(ctx context.Context, hub *media.Hub, name string) error {
	c, err := loadClip(clipFile)
	if err != nil {
		return err
	}
	wanted, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	pub, err := hub.Publish(media.PublishRequest{Name: name, Protocol: "testcard", Remote: "here", Tracks: c.tracks, Close: cancel})
	if err != nil {
		return fmt.Errorf("test card: %w", err)
	}
	defer pub.Close()
	err = c.play(wanted, pub)
	if ctx.Err() != nil {
		return nil // the caller's wish
	}
	if cause := context.Cause(wanted); cause != nil {
		err = cause
	}
	return fmt.Errorf("test card: %w", err)
}

// play writes every item when the minute is as old as the item says, and ends with ctx.
func (c *clip) play(ctx context.Context, pub *media.Publisher) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	minute, i := c.seek(time.Now())
	start := minute
	for {
		it := &c.items[i]
		// minute has no monotonic reading, so that time.Until follows the wall clock where it is slewed.
		due := minute.Add(it.at)
		wait := time.Until(due)
		if wait > slack || wait < -slack {
			minute, i = c.seek(time.Now())
			continue
		}
		if wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				return ctx.Err()
			}
		} else if err := ctx.Err(); err != nil {
			return err
		}
		at := due.Sub(start)
		// The bytes are shared by all rounds, which is fine as units never change; the slice around them is not.
		if err := pub.Write(it.track, media.Sample{PTS: at, DTS: at, HasDTS: true, Capture: due, Payload: slices.Clone(it.payload)}); err != nil {
			return err
		}
		if i++; i == len(c.items) {
			minute, i = minute.Add(Length), 0
		}
	}
}

// seek returns the minute and the item of the first key frame that is due at now or later.
func (c *clip) seek(now time.Time) (minute time.Time, i int) {
	minute = time.Unix(0, now.UnixNano()-now.UnixNano()%int64(Length))
	for i := range c.items {
		if c.items[i].key && !minute.Add(c.items[i].at).Before(now) {
			return minute, i
		}
	}
	return minute.Add(Length), 0
}
