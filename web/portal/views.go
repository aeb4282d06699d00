package portal

import (
	"context"
	"time"

	"xianfeng/web/cache"
)

// viewsKeep is how old a number of views may be. Pages themselves are kept for longer, and so have none in them.
const viewsKeep = time.Minute

// views answers with how often an article was looked at, for the script of its page.
func (s *Server) views(ctx context.Context, v *visit, d *cache.Deps) (cache.Page, error) {
	a, err := s.shownAt(ctx, v, d)
	if err != nil {
		return cache.Page{}, err
	}
	d.Until(s.cfg.Now().Add(viewsKeep))
	return jsonPage(struct {
		Views int64 `json:"views"`
	}{a.Views})
}
