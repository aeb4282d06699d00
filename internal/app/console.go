package app

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"time"

	"xianfeng/internal/backup"
	"xianfeng/internal/content"
	"xianfeng/internal/signin"
	"xianfeng/internal/site"
	"xianfeng/internal/store"
	"xianfeng/media"
	"xianfeng/signaling/broadcast"
	"xianfeng/web/admin"
	"xianfeng/web/kit"
)

// console returns the pages of the people who work on the sites.
func (s *server) console(k *kit.Kit, service *signin.Service, remote func(*http.Request) string) (*admin.Server, error) {
	n := s.network
	desk := content.NewDesk(content.DeskConfig{Articles: n.db, Trails: n.db, Offers: n.db, Network: n.sites, Columns: n.columns, Cleaner: n.clean})
	a, err := admin.New(k, admin.Config{
		Network: n.sites, Desk: desk, Columns: n.columns, Names: content.NewNames(n.sites), People: people{n.db}, Signin: service,
		Links: content.NewLinks(n.db, n.sites), Broadcasts: broadcast.NewDesk(n.db, n.sites, n.air, nil), Programme: n.air, Halls: s.crowd.halls, Attendance: s.crowd.attendance, Beacons: s.beacons, Figures: content.NewFigures(n.db, n.sites, n.zone),
		Health: content.NewHealth(n.db, n.sites, n.columns, nil), Log: auditLog{n.db}, Streams: streams{s.hub},
		Channels: s.channels, Items: s.library, Backup: archive{n.db, s.opts.DataDir}, Settings: n.db, Files: n.db,
		Zone: n.zone, Remote: remote, Debug: s.log,
	})
	if err != nil {
		return nil, err
	}
	s.built("console", a.Close)
	return a, nil
}

// people gives the console the accounts of the store.
type people struct{ *store.DB }

func (p people) Accounts(ctx context.Context, q admin.PeopleQuery) ([]site.Account, error) {
	return p.DB.Accounts(ctx, store.AccountQuery{Sites: q.Sites, Text: q.Text, After: q.After, Limit: q.Limit})
}

// auditLog gives the console the audit log of the store, the newest line first.
type auditLog struct{ *store.DB }

func (l auditLog) Audit(ctx context.Context, q admin.LogQuery, fn func(*site.Entry) error) error {
	return l.DB.Audit(ctx, store.AuditQuery{Sites: q.Sites, Before: q.Before, Action: q.Action, Limit: q.Limit}, fn)
}

// archive gives the console what the command "backup" writes.
type archive struct {
	db      *store.DB
	dataDir string
}

func (a archive) Backup(ctx context.Context, w io.Writer) error {
	b := bufio.NewWriterSize(w, 1<<16)
	if _, err := backup.Write(ctx, b, store.Backup{DB: a.db}, backedUp(a.dataDir), time.Now()); err != nil {
		return err
	}
	return b.Flush()
}

// streams lists what the media core has on air.
type streams struct{ hub *media.Hub }

func (x streams) Streams() []admin.Stream {
	var out []admin.Stream
	for _, st := range x.hub.Streams() {
		i := st.Info(false)
		out = append(out, admin.Stream{Name: i.Name, Live: i.Live, Viewers: i.Viewers, Since: i.Since})
	}
	return out
}
