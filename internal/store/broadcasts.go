package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling/broadcast"
)

const broadcastColumns = "id, site_id, title, summary, kind, source, state, announce, starts, ends, began, ended, profile, delay, slate_before, slate_after, chat, record, replay, urgent, by_id, created, updated, version"

func scanBroadcast(r scanner) (broadcast.Broadcast, error) {
	var b broadcast.Broadcast
	var announce, starts, ends, began, ended, delay, created, updated int64
	var record, urgent int
	err := r.Scan(&b.ID, &b.Site, &b.Title, &b.Summary, &b.Source.Kind, &b.Source.Name, &b.State, &announce, &starts, &ends, &began, &ended,
		&b.Profile, &delay, &b.Before, &b.After, &b.Chat, &record, &b.Replay, &urgent, &b.By, &created, &updated, &b.Version)
	if err != nil {
		return b, err
	}
	b.Announce, b.Starts, b.Ends, b.Began, b.Ended = fromMillis(announce), fromMillis(starts), fromMillis(ends), fromMillis(began), fromMillis(ended)
	b.Created, b.Updated = fromMillis(created), fromMillis(updated)
	b.Delay, b.Record, b.Urgent = time.Duration(delay)*time.Millisecond, record != 0, urgent != 0
	return b, nil
}

// Broadcast implements broadcast.Keeper.
func (db *DB) Broadcast(ctx context.Context, id broadcast.ID) (broadcast.Broadcast, error) {
	return scanBroadcast(db.row(ctx, "SELECT "+broadcastColumns+" FROM broadcasts WHERE id = ?", id))
}

// When a broadcast begins and ends, as far as anybody knows. One on air that has no end lasts.
const (
	broadcastFrom  = "CASE WHEN began > 0 THEN began ELSE starts END"
	broadcastUntil = "CASE WHEN ended > 0 THEN ended WHEN ends > 0 THEN ends WHEN state = 'onair' THEN 9000000000000000 ELSE 0 END"
)

// Broadcasts implements broadcast.Keeper.
func (db *DB) Broadcasts(ctx context.Context, q broadcast.Filter) ([]broadcast.Broadcast, error) {
	w := where{}
	if q.Sites != nil {
		in(&w, "site_id", q.Sites)
	}
	if q.States != nil {
		in(&w, "state", q.States)
	}
	if !q.From.IsZero() {
		w.add("("+broadcastUntil+" > ? OR "+broadcastFrom+" >= ?)", millis(q.From), millis(q.From))
	}
	if !q.To.IsZero() {
		w.add(broadcastFrom+" < ?", millis(q.To))
	}
	order := " ORDER BY " + broadcastFrom + ", id"
	if q.Last {
		order = " ORDER BY " + broadcastFrom + " DESC, id DESC"
	}
	if q.Limit > 0 {
		order += " LIMIT " + strconv.Itoa(q.Limit)
	}
	rows, err := db.rows(ctx, "SELECT "+broadcastColumns+" FROM broadcasts"+w.text()+order, w.args...)
	if err != nil {
		return nil, err
	}
	var out []broadcast.Broadcast
	err = each(rows, func() error {
		b, err := scanBroadcast(rows)
		out = append(out, b)
		return err
	})
	return out, err
}

// KeepBroadcast implements broadcast.Keeper.
func (db *DB) KeepBroadcast(ctx context.Context, c broadcast.Change) (broadcast.Broadcast, error) {
	b := c.Broadcast
	err := db.do(ctx, func(x *tx) error {
		if err := x.mayBroadcast(&c); err != nil {
			return err
		}
		if err := x.saveBroadcast(&b); err != nil {
			return err
		}
		x.touch(broadcast.SiteTag(b.Site), broadcast.Tag(b.ID))
		entries := slices.Clone(c.Entries)
		for i := range entries {
			if entries[i].Object == "" {
				entries[i].Object = "broadcast:" + b.ID.String()
			}
		}
		return x.note(entries...)
	})
	return b, err
}

// mayBroadcast checks a change against what is on air.
func (x *tx) mayBroadcast(c *broadcast.Change) error {
	b := &c.Broadcast
	if c.Alone {
		var n int
		if err := x.row("SELECT COUNT(*) FROM broadcasts WHERE state = 'onair' AND site_id = ? AND kind = ? AND source = ? AND id <> ?",
			b.Site, b.Source.Kind, b.Source.Name, b.ID).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("%s is on air on site %d: %w", b.Source.Address(), b.Site, errs.Exists)
		}
	}
	if c.Above == nil {
		return nil
	}
	w := where{}
	w.add("state = 'onair' AND urgent = 1 AND id <> ?", b.ID)
	in(&w, "site_id", c.Above)
	rows, err := x.rows("SELECT id, site_id, title FROM broadcasts"+w.text()+" ORDER BY began, id LIMIT 1", w.args...)
	if err != nil {
		return err
	}
	var other *broadcast.OutrankedError
	err = each(rows, func() error {
		other = &broadcast.OutrankedError{}
		return rows.Scan(&other.ID, &other.Site, &other.Title)
	})
	if err == nil && other != nil {
		return other
	}
	return err
}

func (x *tx) saveBroadcast(b *broadcast.Broadcast) error {
	values := []any{
		b.Title, b.Summary, b.Source.Kind, b.Source.Name, b.State, millis(b.Announce), millis(b.Starts), millis(b.Ends), millis(b.Began), millis(b.Ended),
		b.Profile, b.Delay.Milliseconds(), b.Before, b.After, b.Chat, flag(b.Record), b.Replay, flag(b.Urgent), millis(b.Updated),
	}
	if b.ID == 0 {
		b.Version = 1
		return x.row("INSERT INTO broadcasts (title, summary, kind, source, state, announce, starts, ends, began, ended, profile, delay, slate_before, slate_after, chat, record, replay, urgent, updated, site_id, by_id, created) VALUES ("+marks(22)+") RETURNING id",
			append(values, b.Site, b.By, millis(b.Created))...).Scan(&b.ID)
	}
	was, err := scanBroadcast(x.row("SELECT "+broadcastColumns+" FROM broadcasts WHERE id = ?", b.ID))
	if err != nil {
		return err
	}
	if was.Version != b.Version {
		return &broadcast.StaleError{ID: was.ID, State: was.State, Version: was.Version, At: was.Updated}
	}
	b.Version++
	if was.Delay > b.Delay { // it was raised meanwhile
		b.Delay = was.Delay
		values[11] = b.Delay.Milliseconds()
	}
	return x.exec("UPDATE broadcasts SET title = ?, summary = ?, kind = ?, source = ?, state = ?, announce = ?, starts = ?, ends = ?, began = ?, ended = ?, profile = ?, delay = ?, slate_before = ?, slate_after = ?, chat = ?, record = ?, replay = ?, urgent = ?, updated = ?, version = ? WHERE id = ?",
		append(values, b.Version, b.ID)...)
}

// RaiseDelay implements broadcast.Keeper.
func (db *DB) RaiseDelay(ctx context.Context, id broadcast.ID, from, to time.Duration) error {
	return db.do(ctx, func(x *tx) error {
		var at site.ID
		err := x.row("UPDATE broadcasts SET delay = ? WHERE id = ? AND state = 'onair' AND delay = ? RETURNING site_id", to.Milliseconds(), id, from.Milliseconds()).Scan(&at)
		switch {
		case err == nil:
			x.touch(broadcast.SiteTag(at), broadcast.Tag(id))
			return nil
		case errors.Is(err, errs.NotFound):
			return fmt.Errorf("delay of broadcast %d: %w", id, errs.Conflict)
		}
		return err
	})
}

var _ broadcast.Keeper = (*DB)(nil)
