package broadcast

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// Beacons tells how the viewers of broadcasts do.
type Beacons interface {
	// Late returns how many of a broadcast's viewers were late within the last half minute, and how many there were.
	Late(id ID) (late, all int)
}

// Schedule starts and ends what is due, and makes the delay longer of what too many viewers are late for.
// Everything but Programme has a usable zero value.
type Schedule struct {
	Programme *Programme
	Now       func() time.Time // nil: time.Now
	Log       *slog.Logger     // nil: it is silent
	Beacons   Beacons          // nil: nobody tells
	Changed   func(Broadcast)  // told of each one that this process started or ended, before the next; nil: nobody
}

// retry is when the schedule looks again after the database did not answer, and how often it looks in any case:
// a clock may have been set.
const (
	retry = time.Second
	idle  = 15 * time.Second
)

// Run looks whenever something is due until ctx ends; the caller owns the goroutine.
func (s *Schedule) Run(ctx context.Context) {
	raise := time.NewTicker(lateFor)
	defer raise.Stop()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-raise.C:
			if err := s.Raise(ctx); err != nil && ctx.Err() == nil {
				s.log().Warn("make the delay of broadcasts longer", "error", err)
			}
			continue
		case <-s.Programme.wake:
		case <-timer.C:
		}
		next, err := s.Look(ctx)
		wait := idle
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.log().Warn("start and end broadcasts that are due", "error", err)
			wait = retry
		case !next.IsZero():
			wait = min(max(next.Sub(s.now()), 0), idle)
		}
		timer.Reset(wait)
	}
}

// Look starts and ends what is due, and returns when something is due next; zero: nothing is. One that can't be
// changed does not keep the others.
func (s *Schedule) Look(ctx context.Context) (next time.Time, failed error) {
	if s.Programme.stale.Load() {
		if err := s.Programme.Reload(ctx); err != nil {
			return next, err
		}
	}
	now := s.now()
	for _, b := range s.Programme.now.Load().byID {
		x := *b
		if to, ok := b.due(now); ok {
			err := s.turn(ctx, &x, to, now)
			if errors.Is(err, errs.Conflict) || errors.Is(err, errs.NotFound) {
				// Another process was faster, or somebody changed it: the new picture has the schedule look again.
				if err = s.Programme.Reload(ctx); err == nil {
					continue
				}
			}
			if err != nil {
				failed = errors.Join(failed, err)
				continue
			}
		}
		if at := x.next(); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next, failed
}

func (s *Schedule) turn(ctx context.Context, b *Broadcast, to State, now time.Time) error {
	action, detail := "start", map[string]any{"scheduled": true, "title": b.Title}
	switch to {
	case Ended:
		action = "end"
	case Cancelled:
		action, detail["missed"] = "cancel", true
	case Planned, OnAir:
	}
	b.turn(to, now)
	system := Actor{Who: site.Who{Account: site.System}}
	kept, err := s.Programme.keep.KeepBroadcast(ctx, Change{Broadcast: *b, Entries: []site.Entry{system.entry(b, action, detail)}})
	if err != nil {
		return fmt.Errorf("%s broadcast %d: %w", action, b.ID, err)
	}
	*b = kept
	if s.Changed != nil {
		s.Changed(kept)
	}
	return nil
}

// Raise makes the delay longer of each broadcast on air that too many viewers were late for.
func (s *Schedule) Raise(ctx context.Context) (failed error) {
	if s.Beacons == nil {
		return nil
	}
	for _, b := range s.Programme.now.Load().byID {
		if b.State != OnAir {
			continue
		}
		was := b.Now()
		late, all := s.Beacons.Late(b.ID)
		to := raised(b.Profile, was, late, all)
		if to == was {
			continue
		}
		err := s.Programme.keep.RaiseDelay(ctx, b.ID, was, to)
		switch {
		case errors.Is(err, errs.Conflict): // another process was faster
		case err != nil:
			failed = errors.Join(failed, fmt.Errorf("broadcast %d: %w", b.ID, err))
		default:
			s.log().Info("delay of a broadcast raised", "broadcast", b.ID, "from", was, "to", to)
		}
	}
	return failed
}

func (s *Schedule) now() time.Time {
	if s.Now != nil {
		return s.Now().UTC().Truncate(time.Millisecond)
	}
	return time.Now().UTC().Truncate(time.Millisecond)
}

func (s *Schedule) log() *slog.Logger {
	if s.Log != nil {
		return s.Log
	}
	return slog.New(slog.DiscardHandler)
}
