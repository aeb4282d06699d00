package content

import (
	"context"
	"fmt"

	"xianfeng/internal/site"
)

// Move is a site that hangs below another one than before, and whose articles the search does not yet find
// at their new place.
type Move struct {
	Site    site.ID
	Version int64 // of the site, with the move
}

// Placer keeps where articles are found. Package store is one.
type Placer interface {
	// Moves returns what is still to be done. The store notes a move when it keeps it.
	Moves(ctx context.Context) ([]Move, error)
	// Arrived notes that a move is done.
	Arrived(ctx context.Context, m Move) error
	// PlacedOn returns the live revisions of public articles that are placed on some sites, by number.
	PlacedOn(ctx context.Context, sites []site.ID, after ArticleID, limit int) ([]Revision, error)
	// Reindex writes anew where articles are found.
	Reindex(ctx context.Context, words map[ArticleID]Words) error
}

// reindexAtOnce is how many articles one write takes: others may write in between.
const reindexAtOnce = 200

// FollowMoves makes the search know of all moves that it does not know of yet. What it does not come to, also
// because the process is killed, is done the next time.
func FollowMoves(ctx context.Context, keep Placer, clean Cleaner, network *site.Network) error {
	moves, err := keep.Moves(ctx)
	if err != nil {
		return fmt.Errorf("sites that were moved: %w", err)
	}
	for _, m := range moves {
		t := network.Tree()
		top := t.Get(m.Site)
		if top == nil {
			continue // another process made it just now, and follows its moves
		}
		if err := Moved(ctx, keep, clean, t, top, nil); err != nil {
			return err
		}
		if err := keep.Arrived(ctx, m); err != nil {
			return fmt.Errorf("index what is below %s: %w", top.Code, err)
		}
	}
	return nil
}

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
