package store

import (
	"context"
	"fmt"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// Offers returns what was offered to sites above, newest first.
func (db *DB) Offers(ctx context.Context, q content.OfferFilter) ([]content.Offer, error) {
	w := where{}
	if q.ID != 0 {
		w.add("o.id = ?", q.ID)
	}
	if q.Article != 0 {
		w.add("o.article_id = ?", q.Article)
	}
	if q.To != nil {
		inNumbers(&w, "o.to_id", q.To)
	}
	if q.From != nil {
		inNumbers(&w, "o.from_id", q.From)
	}
	if q.State != "" {
		w.add("o.state = ?", q.State)
	}
	if q.Limit == 0 {
		q.Limit = 50
	}
	rows, err := db.rows(ctx, fmt.Sprintf("SELECT o.id, o.article_id, o.n, COALESCE(r.title, ''), o.from_id, o.to_id, o.state, o.by_id, o.at, o.answered_by, o.answered, o.note, o.result_id FROM offers o LEFT JOIN revisions r ON r.article_id = o.article_id AND r.n = o.n%s ORDER BY o.at DESC, o.id DESC LIMIT %d", w.text(), q.Limit), w.args...)
	if err != nil {
		return nil, err
	}
	var out []content.Offer
	err = each(rows, func() error {
		var o content.Offer
		var at, answered int64
		if err := rows.Scan(&o.ID, &o.Article, &o.N, &o.Title, &o.From, &o.To, &o.State, &o.By, &at, &o.AnsweredBy, &answered, &o.Note, &o.Result); err != nil {
			return err
		}
		o.At, o.Answered = fromMillis(at), fromMillis(answered)
		out = append(out, o)
		return nil
	})
	return out, err
}

// KeepOffer adds an offer (ID 0), or answers one that is open, else errs.Conflict.
func (db *DB) KeepOffer(ctx context.Context, o content.Offer, r *content.Remark, entries ...site.Entry) (content.Offer, error) {
	err := db.do(ctx, func(x *tx) error {
		if o.ID == 0 {
			if err := x.row("INSERT INTO offers (article_id, n, from_id, to_id, state, by_id, at, note) SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM offers WHERE article_id = ? AND to_id = ? AND state = 'open') RETURNING id",
				o.Article, o.N, o.From, o.To, o.State, o.By, millis(o.At), o.Note, o.Article, o.To).Scan(&o.ID); err != nil {
				return err
			}
		} else if err := x.answer(&o); err != nil {
			return err
		}
		if r != nil {
			if err := x.remark(o.Article, r); err != nil {
				return err
			}
		}
		return x.note(entries...)
	})
	return o, err
}

// answer closes an offer that is open.
func (x *tx) answer(o *content.Offer) error {
	n, err := x.changed("UPDATE offers SET state = ?, answered_by = ?, answered = ?, result_id = ? WHERE id = ? AND state = 'open'",
		o.State, o.AnsweredBy, millis(o.Answered), o.Result, o.ID)
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("offer %d is answered: %w", o.ID, errs.Conflict)
	}
	return nil
}
