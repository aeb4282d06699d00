package store

import (
	"context"
	"strings"
	"time"
)

const (
	followEvery = 500 * time.Millisecond
	trimEvery   = 10 * time.Minute
	keepChanges = time.Hour
)

// everything is the tag on which all pages depend.
const everything = "network"

// Follow tells the listener of what other processes change: other nodes on one PostgreSQL, a command beside
// a running server. It returns when ctx ends; the caller owns the goroutine and closes the database after it.
// There is one Follow for a DB. An outage is reported once, and its end with nil: what was changed meanwhile
// is told then.
func (db *DB) Follow(ctx context.Context, report func(error)) {
	poll, trim := time.NewTicker(followEvery), time.NewTicker(trimEvery)
	defer poll.Stop()
	defer trim.Stop()
	down := false
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
			err = db.poll(ctx)
		case <-trim.C:
			err = db.trim(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		if (err != nil) != down {
			down = err != nil
			report(err)
		}
	}
}

// Ahead has fn called with the tags of what other processes change, on the goroutine of Follow, before the
// listener hears of it: for what is kept in memory and has to be new before a page is made of it. It is called
// once, before Follow.
func (db *DB) Ahead(fn func(ctx context.Context, tags []string) error) { db.ahead = fn }

// poll tells of what other processes changed since the last time.
func (db *DB) poll(ctx context.Context) error {
	rows, err := db.rows(ctx, "SELECT seq, origin, tags FROM changes WHERE seq > ? ORDER BY seq", db.seen)
	if err != nil {
		return err
	}
	var told []string
	seen := db.seen
	err = each(rows, func() error {
		var seq int64
		var origin, tags string
		if err := rows.Scan(&seq, &origin, &tags); err != nil {
			return err
		}
		if seq != seen+1 && seen > 0 {
			told = append(told, everything) // some were thrown away before this process saw them: it slept for long
		}
		seen = seq
		if origin != db.origin {
			told = append(told, strings.Fields(tags)...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if db.ahead != nil && len(told) > 0 {
		if err := db.ahead(ctx, told); err != nil {
			return err // told again the next time
		}
	}
	db.seen = seen
	if db.notify != nil && len(told) > 0 {
		db.notify(told)
	}
	return nil
}

// trim forgets changes that all processes have seen long ago. The newest stays: its number tells a process
// that slept that it missed some.
func (db *DB) trim(ctx context.Context) error {
	return db.do(ctx, func(x *tx) error {
		return x.exec("DELETE FROM changes WHERE at < ? AND seq < (SELECT MAX(seq) FROM changes)", millis(x.now.Add(-keepChanges)))
	})
}
