package roster

import (
	"context"
	"errors"
	"fmt"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// tries is how often an import begins anew because somebody changed a site in the meantime.
const tries = 4

// Import puts a list into the network, whole or not at all, and returns the report. Bad lines that hold it up
// are errs.Invalid. A list that changes nothing writes nothing.
func Import(ctx context.Context, n *site.Network, l *List, o Options) (Report, error) {
	for try := 1; ; try++ {
		c, report := l.Plan(n.Tree(), o)
		if !report.Good() && !o.SkipBad {
			return report, fmt.Errorf("import %s: bad lines: %w", o.Source, errs.Invalid)
		}
		if len(c.Sites) == 0 {
			return report, nil
		}
		_, err := n.Save(ctx, c)
		if err == nil {
			if o.Progress != nil {
				o.Progress(Stored, len(c.Sites), len(c.Sites))
			}
			return report, nil
		}
		// Another process changed what the plan was made for.
		stale := errors.Is(err, errs.Conflict) || errors.Is(err, errs.Exists)
		if !stale || try == tries {
			return report, fmt.Errorf("import %s: %w", o.Source, err)
		}
		if err := n.Reload(ctx); err != nil {
			return report, fmt.Errorf("import %s: %w", o.Source, err)
		}
	}
}
