package app

import (
	"context"
	"log/slog"
	"time"

	"xianfeng/internal/content"
)

// reindexer makes articles be found at their new place after sites have moved: lists are right at once, the
// search a little later. What is to be done stands in the database: a move is not forgotten with the process.
type reindexer struct {
	network *network
	log     *slog.Logger
	wake    chan struct{} // of one: full means that somebody will look anyway
}

// tryAgain is how long after a failure what was left is tried again.
const tryAgain = time.Minute

func newReindexer(n *network, log *slog.Logger) *reindexer {
	x := &reindexer{network: n, log: log, wake: make(chan struct{}, 1)}
	x.look() // a killed process may have left something
	return x
}

// look has run see what is to be done. It is called after each change of the sites by this process; others
// follow their own.
func (x *reindexer) look() {
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

// run works until ctx ends.
func (x *reindexer) run(ctx context.Context) {
	var again <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-x.wake:
		case <-again:
		}
		again = nil
		if err := x.finish(ctx); err != nil && ctx.Err() == nil {
			x.log.Error("search below sites that were moved", "error", err)
			again = time.After(tryAgain)
		}
	}
}

// finish does what is to be done.
func (x *reindexer) finish(ctx context.Context) error {
	return content.FollowMoves(ctx, x.network.db, x.network.clean, x.network.sites)
}
