package store

import (
	"context"
	"strconv"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
)

const linkColumns = "id, site_id, title, url, section, position, checked, failing, failures, reason"

func (db *DB) links(ctx context.Context, rest string, args ...any) ([]content.Link, error) {
	rows, err := db.rows(ctx, "SELECT "+linkColumns+" FROM links "+rest, args...)
	if err != nil {
		return nil, err
	}
	var out []content.Link
	err = each(rows, func() error {
		var l content.Link
		var checked, failing int64
		if err := rows.Scan(&l.ID, &l.Site, &l.Title, &l.URL, &l.Section, &l.Position, &checked, &failing, &l.Failures, &l.Reason); err != nil {
			return err
		}
		l.Checked, l.Failing = fromMillis(checked), fromMillis(failing)
		out = append(out, l)
		return nil
	})
	return out, err
}

// Links returns the links of a site, by position.
func (db *DB) Links(ctx context.Context, at site.ID) ([]content.Link, error) {
	return db.links(ctx, "WHERE site_id = ? ORDER BY position, id", at)
}

// LinksDue returns links that were checked before a time, or never, oldest first.
func (db *DB) LinksDue(ctx context.Context, before time.Time, limit int) ([]content.Link, error) {
	return db.links(ctx, "WHERE checked < ? ORDER BY checked, id LIMIT "+strconv.Itoa(limit), millis(before))
}

// SaveLink adds a link (ID 0) or changes one. One that leads elsewhere now is checked anew.
func (db *DB) SaveLink(ctx context.Context, l content.Link, entries ...site.Entry) (content.Link, error) {
	err := db.do(ctx, func(x *tx) error {
		if l.ID == 0 {
			if err := x.row("INSERT INTO links (site_id, title, url, section, position) VALUES (?, ?, ?, ?, ?) RETURNING id",
				l.Site, l.Title, l.URL, l.Section, l.Position).Scan(&l.ID); err != nil {
				return err
			}
		} else {
			if err := x.exec("UPDATE links SET checked = 0, failing = 0, failures = 0, reason = '' WHERE id = ? AND site_id = ? AND url <> ?", l.ID, l.Site, l.URL); err != nil {
				return err
			}
			if err := x.one("UPDATE links SET title = ?, url = ?, section = ?, position = ? WHERE id = ? AND site_id = ?",
				l.Title, l.URL, l.Section, l.Position, l.ID, l.Site); err != nil {
				return err
			}
		}
		x.touch(content.LinksTag(l.Site))
		return x.note(entries...)
	})
	return l, err
}

// DeleteLink takes a link away.
func (db *DB) DeleteLink(ctx context.Context, l content.Link, entries ...site.Entry) error {
	return db.do(ctx, func(x *tx) error {
		if err := x.one("DELETE FROM links WHERE id = ? AND site_id = ?", l.ID, l.Site); err != nil {
			return err
		}
		x.touch(content.LinksTag(l.Site))
		return x.note(entries...)
	})
}

// LinkChecked keeps the outcome of a check. Pages change only where a link breaks or works again. A link that
// leads elsewhere by now keeps what is known of the new one.
func (db *DB) LinkChecked(ctx context.Context, l content.Link, at time.Time, wasBroken bool) error {
	return db.do(ctx, func(x *tx) error {
		n, err := x.changed("UPDATE links SET checked = ?, failing = ?, failures = ?, reason = ? WHERE id = ? AND url = ?",
			millis(at), millis(l.Failing), l.Failures, l.Reason, l.ID, l.URL)
		if err == nil && n > 0 && wasBroken != l.Broken() {
			x.touch(content.LinksTag(l.Site))
		}
		return err
	})
}

// brokenQuery says failures > 0 because that is what the index is of.
const brokenQuery = "SELECT site_id, COUNT(*) FROM links WHERE failures > 0 AND failures >= ? GROUP BY site_id"

// BrokenLinks returns how many links of each site are broken.
func (db *DB) BrokenLinks(ctx context.Context) (map[site.ID]int, error) {
	rows, err := db.rows(ctx, brokenQuery, content.BrokenAfter)
	if err != nil {
		return nil, err
	}
	out := map[site.ID]int{}
	err = each(rows, func() error {
		var id site.ID
		var n int
		err := rows.Scan(&id, &n)
		out[id] = n
		return err
	})
	return out, err
}
