package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"net/http"
	"time"

	"xianfeng/signaling/audience"
	"xianfeng/web/hall"
	"xianfeng/web/kit"
)

// crowd has those who watch broadcasts and say something back.
type crowd struct {
	halls      *audience.Halls
	attendance *audience.Attendance
	chat       *audience.Chat
	applause   *audience.Applause
}

// sweepPeople is how often those are forgotten whom it is time to forget.
const sweepPeople = 24 * time.Hour

// startAudience tells the sockets what viewers may say. It comes before HTTP is served.
func (s *server) startAudience() error {
	n := s.network
	key, err := loadFeedKey(s.dataFile(feedKeyFile))
	if err != nil {
		return err
	}
	sealed := hmac.New(sha256.New, key.Seed()) // a key of its own, from the one that all processes and backups have
	sealed.Write([]byte("attendance"))
	s.crowd = &crowd{
		halls:      audience.NewHalls(n.db, n.sites, nil),
		attendance: audience.NewAttendance(n.db, n.air, n.sites, sealed.Sum(nil), nil),
		chat:       audience.NewChat(n.db, n.air, n.sites, nil),
		applause:   audience.NewApplause(n.air, s.sockets.Touch, nil),
	}
	lines := audience.Topics{Chat: s.crowd.chat}
	s.sockets.Provide(audience.ChatTopic, lines)
	s.sockets.Provide(audience.DeskTopic, lines)
	s.sockets.Provide(audience.ReactTopic, s.crowd.applause)
	for kind, run := range audience.Commands(s.crowd.chat, s.crowd.applause) {
		s.sockets.Command(kind, run)
	}
	s.run("reactions", s.crowd.applause.Run)
	s.run("attendance", func(ctx context.Context) {
		tick := time.NewTicker(sweepPeople)
		defer tick.Stop()
		for {
			if err := s.crowd.attendance.Sweep(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("forget who attended", "error", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	return nil
}

// hallPages returns the pages of screens and of those who sit before them.
func (s *server) hallPages(k *kit.Kit, remote func(*http.Request) string) (*hall.Server, error) {
	h, err := hall.New(hall.Config{
		Kit: k, Halls: s.crowd.halls, Attendance: s.crowd.attendance, Programme: s.network.air, Tree: s.network.sites.Tree,
		Remote: remote, Zone: s.network.zone, Log: s.log,
	})
	if err != nil {
		return nil, fmt.Errorf("screens of halls: %w", err)
	}
	return h, nil
}
