package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/demo"
	"xianfeng/internal/files/disk"
	"xianfeng/internal/picture"
	"xianfeng/signaling/broadcast"
)

// demoRest is how long the demo leaves the machine to others after each picture that it makes.
const demoRest = time.Second

// seedDemo fills the demo's network, before anybody can ask for a page of it.
func (s *server) seedDemo(ctx context.Context) error {
	n := s.network
	passwords, err := n.signin(ctx, &s.cfg, s.opts.DataDir, s.log)
	if err != nil {
		return err
	}
	defer passwords.Close()
	kept, err := disk.Open(s.dataFile(filesFolder))
	if err != nil {
		return err
	}
	began := time.Now()
	seeded, err := demo.Seed(ctx, demo.Doors{
		Network: n.sites, Columns: n.columns, Batch: n.db,
		Desk: content.NewDesk(content.DeskConfig{
			Articles: n.db, Trails: n.db, Offers: n.db, Network: n.sites, Columns: n.columns, Cleaner: n.clean,
		}),
		Broadcasts: broadcast.NewDesk(n.db, n.sites, n.air, nil), Links: content.NewLinks(n.db, n.sites),
		People: n.db, Passwords: passwords, Files: kept, Rows: n.db, Spool: kept.Spool(),
		Stream: demoStream, Zone: n.zone, Now: time.Now,
	})
	if err != nil {
		return fmt.Errorf("fill the demo: %w", err)
	}
	s.seeded = seeded
	s.log.Info("demo filled", "articles", seeded.Articles, "took", time.Since(began).Round(time.Millisecond))
	s.run("demo's pictures", func(ctx context.Context) {
		if err := finishPictures(ctx, seeded, kept); err != nil && !errors.Is(err, context.Canceled) {
			s.log.Error("make the demo's pictures", "error", err)
		}
	})
	return nil
}

func finishPictures(ctx context.Context, seeded *demo.Seeded, kept *disk.Store) error {
	m, err := picture.NewMaker(ctx)
	if err != nil {
		return err
	}
	defer m.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it made what it made
	return seeded.Finish(ctx, m, kept, demoRest)
}

// announceDemo tells where to look and how to sign in.
func (s *server) announceDemo(out io.Writer, base string) {
	d := s.seeded
	fmt.Fprintf(out, "\n  the province    %s/v/%s/\n  a village       %s/v/%s/\n  the console     %s/admin\n", base, d.Top, base, d.Village, base)
	fmt.Fprintf(out, "\nSign in at %s/sign/in with the password %s as\n\n", base, demo.Password)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, a := range d.Accounts {
		fmt.Fprintf(w, "  %s\t%s\n", a.Login, a.Can)
	}
	w.Flush() //nolint:errcheck // as every line of the announcement
}
