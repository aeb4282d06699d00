package content

import (
	"context"
	"fmt"

	"xianfeng/internal/site"
)

// Placer keeps where articles are found. Package store is one.
type Placer interface {
	// PlacedOn returns the live revisions of public articles that are placed on some sites, by number.
	PlacedOn(ctx context.Context, sites []site.ID, after ArticleID, limit int) ([]Revision, error)
	// Reindex writes anew where articles are found.
	Reindex(ctx context.Context, words map[ArticleID]Words) error
}

// reindexAtOnce is how many articles one write takes: others may write in between.
const reindexAtOnce = 200

// Moved makes the articles of a site and of all below it be found below the sites that are above it now. It is
// called after a move; lists are right at once, searches when it is done. progress may be nil.
func Moved(ctx context.Context, keep Placer, clean Cleaner, t *site.Tree, top *site.Node, progress func(done int)) error {
	sites := below(t, []*site.Node{top})
	done := 0
	for after := ArticleID(0); ; {
		list, err := keep.PlacedOn(ctx, sites, after, reindexAtOnce)
		if err != nil {
			return fmt.Errorf("index what is below %s: %w", top.Code, err)
		}
		if len(list) == 0 {
			return nil
		}
		words := make(map[ArticleID]Words, len(list))
		for i := range list {
			r := &list[i]
			words[r.Article] = Index(r.Head.Title, clean.Text(r.Body))
			after = r.Article
		}
		if err := keep.Reindex(ctx, words); err != nil {
			return fmt.Errorf("index what is below %s: %w", top.Code, err)
		}
		if done += len(list); progress != nil {
			progress(done)
		}
	}
}
