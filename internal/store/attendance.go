package store

import (
	"context"
	"fmt"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling/audience"
	"xianfeng/signaling/broadcast"
)

// Attend implements audience.PeopleKeeper.
func (db *DB) Attend(ctx context.Context, a audience.Attendee, most int) (audience.Attendee, error) {
	err := db.do(ctx, func(x *tx) error {
		err := x.row("UPDATE attendees SET name = ?, phone = ?, account_id = ? WHERE broadcast_id = ? AND terminal_id = ? AND device = ? RETURNING id",
			a.Name, a.Phone, a.Account, a.Broadcast, a.Terminal, hexOf(a.Device)).Scan(&a.ID)
		if err == nil || !absent(err) {
			return err
		}
		var n int
		if err := x.row("SELECT COUNT(*) FROM attendees WHERE broadcast_id = ? AND terminal_id = ?", a.Broadcast, a.Terminal).Scan(&n); err != nil {
			return err
		}
		if n >= most {
			return fmt.Errorf("people before terminal %d: %w", a.Terminal, errs.Full)
		}
		return x.row("INSERT INTO attendees (broadcast_id, terminal_id, site_id, account_id, name, phone, device, at) VALUES ("+marks(8)+") RETURNING id",
			a.Broadcast, a.Terminal, a.Site, a.Account, a.Name, a.Phone, hexOf(a.Device), millis(a.At)).Scan(&a.ID)
	})
	return a, err
}

// OnScreen implements audience.PeopleKeeper.
func (db *DB) OnScreen(ctx context.Context, t audience.Terminal, id broadcast.ID, at time.Time, most time.Duration) error {
	return db.do(ctx, func(x *tx) error {
		var last int64
		err := x.row("SELECT last FROM showings WHERE broadcast_id = ? AND terminal_id = ?", id, t.ID).Scan(&last)
		if absent(err) {
			return x.exec("INSERT INTO showings (broadcast_id, terminal_id, site_id, name, began, last) VALUES ("+marks(6)+")",
				id, t.ID, t.Site, t.Name, millis(at), millis(at))
		}
		if err != nil {
			return err
		}
		passed := millis(at) - last
		if passed <= 0 {
			return nil // another process has a clock that is ahead, or was faster
		}
		if passed > most.Milliseconds() {
			passed = 0
		}
		return x.exec("UPDATE showings SET name = ?, millis = millis + ?, last = ? WHERE broadcast_id = ? AND terminal_id = ?", t.Name, passed, millis(at), id, t.ID)
	})
}

// Attendance implements audience.PeopleKeeper.
func (db *DB) Attendance(ctx context.Context, id broadcast.ID) (shown []audience.Showing, people []audience.Attendee, err error) {
	rows, err := db.rows(ctx, "SELECT s.broadcast_id, s.terminal_id, s.site_id, s.name, s.millis, s.began, s.last, "+
		"(SELECT COUNT(*) FROM attendees a WHERE a.broadcast_id = s.broadcast_id AND a.terminal_id = s.terminal_id) "+
		"FROM showings s WHERE s.broadcast_id = ? ORDER BY s.site_id, s.name, s.terminal_id", id)
	if err != nil {
		return nil, nil, err
	}
	err = each(rows, func() error {
		var s audience.Showing
		var ms, began, last int64
		if err := rows.Scan(&s.Broadcast, &s.Terminal, &s.Site, &s.Name, &ms, &began, &last, &s.People); err != nil {
			return err
		}
		s.Seconds, s.First, s.Last = int(ms/1000), fromMillis(began), fromMillis(last)
		shown = append(shown, s)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	rows, err = db.rows(ctx, "SELECT id, broadcast_id, terminal_id, site_id, account_id, name, phone, device, at FROM attendees WHERE broadcast_id = ? ORDER BY at, id", id)
	if err != nil {
		return nil, nil, err
	}
	err = each(rows, func() error {
		var a audience.Attendee
		var device string
		var at int64
		if err := rows.Scan(&a.ID, &a.Broadcast, &a.Terminal, &a.Site, &a.Account, &a.Name, &a.Phone, &device, &at); err != nil {
			return err
		}
		a.Device, a.At = fromHex(device), fromMillis(at)
		people = append(people, a)
		return nil
	})
	return shown, people, err
}

// Attendees implements audience.PeopleKeeper.
func (db *DB) Attendees(ctx context.Context, t audience.TerminalID, id broadcast.ID) (n int, err error) {
	return n, db.row(ctx, "SELECT COUNT(*) FROM attendees WHERE broadcast_id = ? AND terminal_id = ?", id, t).Scan(&n)
}

// ForgetAttendee implements audience.PeopleKeeper.
func (db *DB) ForgetAttendee(ctx context.Context, id int64, entries ...site.Entry) error {
	return db.do(ctx, func(x *tx) error {
		if err := x.one("DELETE FROM attendees WHERE id = ?", id); err != nil {
			return err
		}
		return x.note(entries...)
	})
}

// ForgetAttendees implements audience.PeopleKeeper.
func (db *DB) ForgetAttendees(ctx context.Context, before time.Time) error {
	return db.do(ctx, func(x *tx) error {
		return x.exec("DELETE FROM attendees WHERE at < ?", millis(before))
	})
}
