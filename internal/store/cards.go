package store

import (
	"context"
	"fmt"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

const cardColumns = "id, site_id, stream, title, by_id, began, ended"

func scanCard(r scanner) (content.Card, error) {
	var c content.Card
	var began, ended int64
	if err := r.Scan(&c.ID, &c.Site, &c.Stream, &c.Title, &c.By, &began, &ended); err != nil {
		return c, err
	}
	c.Began, c.Ended = fromMillis(began), fromMillis(ended)
	return c, nil
}

// Card returns a broadcast card, also one that was stopped.
func (db *DB) Card(ctx context.Context, id content.CardID) (content.Card, error) {
	return scanCard(db.row(ctx, "SELECT "+cardColumns+" FROM cards WHERE id = ?", id))
}

// ActiveCards returns the cards that were started on some sites, nil: on any, and not stopped; newest first.
func (db *DB) ActiveCards(ctx context.Context, sites []site.ID) ([]content.Card, error) {
	w := where{}
	w.add("ended = 0")
	if sites != nil {
		inNumbers(&w, "site_id", sites)
	}
	rows, err := db.rows(ctx, "SELECT "+cardColumns+" FROM cards"+w.text()+" ORDER BY began DESC, id DESC")
	if err != nil {
		return nil, err
	}
	var out []content.Card
	err = each(rows, func() error {
		c, err := scanCard(rows)
		out = append(out, c)
		return err
	})
	return out, err
}

// StartCard shows a stream on a site and all below it. Where it is shown there already, it is errs.Exists.
func (db *DB) StartCard(ctx context.Context, c content.Card, entries ...site.Entry) (content.Card, error) {
	err := db.do(ctx, func(x *tx) error {
		var n int
		if err := x.row("SELECT COUNT(*) FROM cards WHERE site_id = ? AND ended = 0 AND stream = ?", c.Site, c.Stream).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return fmt.Errorf("card of %s on site %d: %w", c.Stream, c.Site, errs.Exists)
		}
		if err := x.row("INSERT INTO cards (site_id, stream, title, by_id, began) VALUES (?, ?, ?, ?, ?) RETURNING id",
			c.Site, c.Stream, c.Title, c.By, millis(c.Began)).Scan(&c.ID); err != nil {
			return err
		}
		x.touch(content.CardsTag(c.Site))
		return x.note(entries...)
	})
	return c, err
}

// StopCard takes a card away. One that was stopped is errs.Conflict.
func (db *DB) StopCard(ctx context.Context, c content.Card, entries ...site.Entry) error {
	return db.do(ctx, func(x *tx) error {
		n, err := x.changed("UPDATE cards SET ended = ? WHERE id = ? AND ended = 0", millis(c.Ended), c.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("card %d: %w", c.ID, errs.Conflict)
		}
		x.touch(content.CardsTag(c.Site))
		return x.note(entries...)
	})
}
