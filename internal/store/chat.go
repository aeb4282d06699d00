package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling/audience"
	"xianfeng/signaling/broadcast"
)

// AddLine implements audience.LineKeeper.
func (db *DB) AddLine(ctx context.Context, l audience.Line, waiting int) (audience.Line, error) {
	err := db.do(ctx, func(x *tx) error {
		if l.State == audience.Waiting {
			var n int
			if err := x.row("SELECT COUNT(*) FROM chat_lines WHERE broadcast_id = ? AND state = ?", l.Broadcast, audience.Waiting).Scan(&n); err != nil {
				return err
			}
			if n >= waiting {
				return fmt.Errorf("lines that wait: %w", errs.Full)
			}
		}
		var err error
		if l.Seq, err = x.nextLine(l.Broadcast); err != nil {
			return err
		}
		if err := x.row("INSERT INTO chat_lines (broadcast_id, seq, at, by_id, name, text, state) VALUES ("+marks(7)+") RETURNING id",
			l.Broadcast, int64(l.Seq), millis(l.At), l.By, l.Name, l.Text, l.State).Scan(&l.ID); err != nil { //nolint:gosec // counts
			return err
		}
		x.touch(audience.DeskTag(l.Broadcast))
		if l.State == audience.Visible {
			x.touch(audience.ChatTag(l.Broadcast))
		}
		return nil
	})
	return l, err
}

// nextLine returns the number that the next change of a line gets. Writes come one after another (dialect.lock).
func (x *tx) nextLine(id broadcast.ID) (n uint64, err error) {
	err = x.row("SELECT COALESCE(MAX(seq), 0) + 1 FROM chat_lines WHERE broadcast_id = ?", id).Scan(&n)
	return n, err
}

// JudgeLine implements audience.LineKeeper.
func (db *DB) JudgeLine(ctx context.Context, id broadcast.ID, line int64, state audience.LineState, entries ...site.Entry) error {
	return db.do(ctx, func(x *tx) error {
		var was audience.LineState
		if err := x.row("SELECT state FROM chat_lines WHERE id = ? AND broadcast_id = ?", line, id).Scan(&was); err != nil {
			return err
		}
		if was == state || was == audience.Removed {
			return fmt.Errorf("line %d is %s: %w", line, was, errs.Conflict)
		}
		n, err := x.nextLine(id)
		if err != nil {
			return err
		}
		if err := x.exec("UPDATE chat_lines SET state = ?, seq = ? WHERE id = ?", state, int64(n), line); err != nil { //nolint:gosec // counts
			return err
		}
		x.touch(audience.DeskTag(id), audience.ChatTag(id))
		return x.note(entries...)
	})
}

// Lines implements audience.LineKeeper.
func (db *DB) Lines(ctx context.Context, id broadcast.ID, since uint64, states []audience.LineState, most int) ([]audience.Line, error) {
	w := where{}
	w.add("broadcast_id = ? AND seq > ?", id, int64(min(since, 1<<62))) //nolint:gosec // bounded
	in(&w, "state", states)
	rows, err := db.rows(ctx, "SELECT id, broadcast_id, seq, at, by_id, name, text, state FROM chat_lines"+w.text()+" ORDER BY seq DESC LIMIT "+strconv.Itoa(most), w.args...)
	if err != nil {
		return nil, err
	}
	var out []audience.Line
	err = each(rows, func() error {
		var l audience.Line
		var at int64
		if err := rows.Scan(&l.ID, &l.Broadcast, &l.Seq, &at, &l.By, &l.Name, &l.Text, &l.State); err != nil {
			return err
		}
		l.At = fromMillis(at)
		out = append(out, l)
		return nil
	})
	slices.Reverse(out)
	return out, err
}
