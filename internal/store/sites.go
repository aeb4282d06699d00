package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

const siteColumns = "id, parent_id, code, level, name, short, host, state, look, about, created, updated, version"

// Sites returns all sites and what once led to them.
func (db *DB) Sites(ctx context.Context) ([]site.Site, []site.Alias, error) {
	return readSites(func(query string) (*sql.Rows, error) { return db.rows(ctx, query) })
}

func readSites(ask func(query string) (*sql.Rows, error)) ([]site.Site, []site.Alias, error) {
	rows, err := ask("SELECT " + siteColumns + " FROM sites")
	if err != nil {
		return nil, nil, err
	}
	var sites []site.Site
	err = each(rows, func() error {
		var s site.Site
		var look, about string
		var created, updated int64
		if err := rows.Scan(&s.ID, &s.Parent, &s.Code, &s.Level, &s.Name, &s.Short, &s.Host, &s.State, &look, &about, &created, &updated, &s.Version); err != nil {
			return err
		}
		s.Created, s.Updated = fromMillis(created), fromMillis(updated)
		if err := json.Unmarshal([]byte(look), &s.Look); err != nil {
			return fmt.Errorf("look of site %s: %w", s.Code, err)
		}
		if err := json.Unmarshal([]byte(about), &s.About); err != nil {
			return fmt.Errorf("contacts of site %s: %w", s.Code, err)
		}
		sites = append(sites, s)
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	rows, err = ask("SELECT kind, name, site_id FROM site_aliases")
	if err != nil {
		return nil, nil, err
	}
	var aliases []site.Alias
	err = each(rows, func() error {
		var kind, name string
		var a site.Alias
		if err := rows.Scan(&kind, &name, &a.Site); err != nil {
			return err
		}
		if kind == "host" {
			a.Host = name
		} else {
			a.Code = name
		}
		aliases = append(aliases, a)
		return nil
	})
	return sites, aliases, err
}

// SaveSites keeps a change whole or not at all, and returns the sites as they are kept. A site that somebody
// else changed since is errs.Conflict, a code or host name that is taken errs.Exists.
func (db *DB) SaveSites(ctx context.Context, c site.Change) ([]site.Site, error) {
	out := make([]site.Site, len(c.Sites))
	err := db.do(ctx, func(x *tx) error {
		ids := make(map[string]site.ID, len(c.Sites)) // of new sites, for those below them in the same change
		for i, s := range c.Sites {
			if up := c.Above[s.Code]; s.Parent == 0 && up != "" {
				if s.Parent = ids[up]; s.Parent == 0 {
					return fmt.Errorf("site %s below %s: %w", s.Code, up, site.ErrOrphan)
				}
			}
			if err := x.saveSite(&s); err != nil {
				return fmt.Errorf("site %s: %w", s.Code, err)
			}
			ids[s.Code] = s.ID
			out[i] = s
			if c.Progress != nil && (i+1)%500 == 0 {
				c.Progress(i + 1)
			}
		}
		if err := x.stand(); err != nil {
			return err
		}
		for _, a := range c.Aliases {
			kind, name := "code", a.Code
			if a.Host != "" {
				kind, name = "host", a.Host
			}
			if err := x.exec("INSERT INTO site_aliases (kind, name, site_id) VALUES (?, ?, ?) ON CONFLICT (kind, name) DO UPDATE SET site_id = excluded.site_id", kind, name, a.Site); err != nil {
				return err
			}
		}
		x.touch(c.Tags...)
		return x.note(c.Entries...)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (x *tx) saveSite(s *site.Site) error {
	look, err := json.Marshal(s.Look)
	if err != nil {
		return fmt.Errorf("look: %w", err)
	}
	about, err := json.Marshal(s.About)
	if err != nil {
		return fmt.Errorf("contacts: %w", err)
	}
	if s.State == "" {
		s.State = site.Active
	}
	s.Updated = fromMillis(millis(x.now)) // as it will be read
	if s.ID == 0 {
		s.Created, s.Version = s.Updated, 1
		return x.row("INSERT INTO sites (parent_id, code, level, name, short, host, state, look, about, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
			s.Parent, s.Code, s.Level, s.Name, s.Short, s.Host, s.State, string(look), string(about), millis(s.Created), millis(s.Updated)).Scan(&s.ID)
	}
	// In the same write, so that a move that is kept is always followed by the search.
	if err := x.exec("INSERT INTO moves (site_id, version) SELECT id, version + 1 FROM sites WHERE id = ? AND parent_id <> ? ON CONFLICT (site_id) DO UPDATE SET version = excluded.version", s.ID, s.Parent); err != nil {
		return err
	}
	n, err := x.changed("UPDATE sites SET parent_id = ?, code = ?, level = ?, name = ?, short = ?, host = ?, state = ?, look = ?, about = ?, updated = ?, version = version + 1 WHERE id = ? AND version = ?",
		s.Parent, s.Code, s.Level, s.Name, s.Short, s.Host, s.State, string(look), string(about), millis(s.Updated), s.ID, s.Version)
	if err != nil {
		return err
	}
	if n == 0 {
		return errs.Conflict
	}
	s.Version++
	return nil
}
