package broadcast

import (
	"context"
	"fmt"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// Keeper keeps broadcasts. Package store is one; package keeptest has one in memory, and what each of them does.
type Keeper interface {
	// Broadcast returns one, else errs.NotFound.
	Broadcast(ctx context.Context, id ID) (Broadcast, error)
	// Broadcasts returns those that are wanted, by when they began or begin.
	Broadcasts(ctx context.Context, q Filter) ([]Broadcast, error)
	// KeepBroadcast keeps a change, whole or not at all, with the tags [Tag] and [SiteTag] of what it changes. A
	// delay that is longer by now stays.
	KeepBroadcast(ctx context.Context, c Change) (Broadcast, error)
	// RaiseDelay makes the delay of one that is on air longer. It is no new version; where the delay is not the
	// old one any more, or the broadcast is over, it is errs.Conflict.
	RaiseDelay(ctx context.Context, id ID, from, to time.Duration) error
}

// Filter says which broadcasts are wanted.
type Filter struct {
	Sites  []site.ID // of these; nil: of all
	States []State   // in one of these; nil: in any

	From, To time.Time // that are on air at some moment from From until before To; zero: no bound
	Last     bool      // the newest first
	Limit    int       // 0: no limit
}

// Change is what becomes of a broadcast.
type Change struct {
	Broadcast Broadcast    // as it is to be, Version as it was. ID 0: new. An older Version is a *StaleError
	Entries   []site.Entry // Object "": the broadcast

	// Alone has the change refused, with errs.Exists, where the source is on air on the same site already.
	Alone bool
	// Above are the site and those above: where an urgent broadcast is on air on one of them, the change is
	// refused with a *OutrankedError. nil: that does not matter.
	Above []site.ID
}

// StaleError says that somebody else was faster. It is errs.Conflict.
type StaleError struct {
	ID      ID
	State   State // as it is now
	Version int64
	At      time.Time
}

func (e *StaleError) Error() string {
	return fmt.Sprintf("broadcast %d is of version %d by now: %v", e.ID, e.Version, errs.Conflict)
}

// Is makes it a kind of errs.Conflict.
func (e *StaleError) Is(target error) bool { return target == errs.Conflict } //nolint:errorlint // a sentinel

// OutrankedError says that an urgent broadcast can't be put in, because another one of the same level or a higher
// one is on air: the first one stays. It is errs.Exists.
type OutrankedError struct {
	ID    ID // the one that is on air
	Site  site.ID
	Title string
}

func (e *OutrankedError) Error() string {
	return fmt.Sprintf("urgent broadcast %d of site %d is on air: %v", e.ID, e.Site, errs.Exists)
}

// Is makes it a kind of errs.Exists.
func (e *OutrankedError) Is(target error) bool { return target == errs.Exists } //nolint:errorlint // a sentinel
