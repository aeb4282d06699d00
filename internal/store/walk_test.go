package store

import (
	"fmt"
	"testing"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/site"
)

// TestWalkLeavesOutWhatNobodyCanRead: a site map names what visitors can open, and where.
func TestWalkLeavesOutWhatNobodyCanRead(t *testing.T) {
	forEach(t, func(t *testing.T, db *DB) {
		r := openNewsroom(t, db)
		ctx := t.Context()
		for i := range 4 { // in a row, more than one look returns
			r.publish(editor, east, content.Notices, fmt.Sprint("藏", i), "<p>x</p>")
		}
		r.publish(editor, east, content.News, "东", "<p>x</p>")
		r.publish(editor, west, content.News, "西", "<p>x</p>")
		pushed := r.publish(editor, west, content.News, "西推", "<p>x</p>")
		if _, err := r.desk.PushDown(ctx, editor, pushed.ID, content.News, county); err != nil {
			t.Fatal(err)
		}
		old := r.publish(editor, east, content.Market, "过期", "<p>x</p>")
		r.publish(editor, east, content.News, "末", "<p>x</p>")

		if _, err := r.cols.Save(ctx, as(15, site.Administrator, province), content.Column{Site: east, Slug: content.Notices, Name: "通知", Kind: content.Text, Hidden: true}); err != nil {
			t.Fatal(err)
		}
		closed := r.net.Tree().Get(west).Site
		closed.State = site.Closed
		if _, err := r.net.Save(ctx, site.Change{Sites: []site.Site{closed}}); err != nil {
			t.Fatal(err)
		}
		if err := db.do(ctx, func(x *tx) error {
			return x.exec("UPDATE articles SET expires = ? WHERE id = ?", millis(r.now.Add(-time.Second)), old.ID)
		}); err != nil {
			t.Fatal(err)
		}
		for _, limit := range []int{1, 2, 100} {
			var got []string
			for after := content.ArticleID(0); ; {
				list, err := r.shelf.Walk(ctx, after, limit)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range list {
					got = append(got, fmt.Sprintf("%s@%d", f.Head.Title, f.At))
					after = f.ID
				}
				if len(list) < limit {
					break
				}
			}
			r.want(fmt.Sprintf("%d at a time", limit), got, "东@6", "西推@4", "末@6")
		}
	})
}
