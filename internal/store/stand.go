package store

import (
	"errors"
	"fmt"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// stand checks that the sites are a tree. Whoever changes them has checked that against what it knew; another
// process may have moved something since. Each site stands lower than the one above it, and so there is no loop.
func (x *tx) stand() error {
	var code string
	err := x.row(`SELECT low.code FROM sites low LEFT JOIN sites up ON up.id = low.parent_id
		WHERE low.parent_id <> 0 AND (up.id IS NULL OR up.level = ? OR (low.level <> ? AND low.level <= up.level)) LIMIT 1`,
		site.Partner, site.Partner).Scan(&code)
	switch {
	case errors.Is(err, errs.NotFound):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("site %s would stand below none, or below a lower one: %w", code, errs.Conflict)
}
