package library

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"xianfeng/recordings"
	"xianfeng/recordings/channel"
)

// Channels is where channels come from; channel.Channels is one.
type Channels interface {
	Get(name string) (channel.Owned, error)
	Playlist(ctx context.Context, name string) (b []byte, tag string, err error)
	Slate(file string) ([]byte, error)
}

type channelPage struct {
	frame
	Name, Heading string
	Day           string
	Today         []programme
}

type programme struct {
	From  time.Time
	Clock string
	Title string
	Now   bool
}

// channel shows a channel, and what is on it today.
func (s *Server) channel(w http.ResponseWriter, r *http.Request) {
	x, err := s.cfg.Channels.Get(r.PathValue("name"))
	if err != nil {
		s.cfg.Kit.Fail(w, r, err)
		return
	}
	doc := x.Channel()
	p := channelPage{frame: s.frame(r, doc.Title), Name: doc.Name, Heading: doc.Title}
	now := s.cfg.Now()
	local := now.In(s.cfg.Zone)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, s.cfg.Zone)
	p.Day = local.Format(p.T.Day)
	for _, g := range x.Guide(midnight, midnight.AddDate(0, 0, 1)) {
		if g.Item == "" || g.Filler {
			continue
		}
		p.Today = append(p.Today, programme{g.From, g.From.In(s.cfg.Zone).Format("15:04"), g.Title, !g.From.After(now) && g.To.After(now)})
	}
	s.cfg.Kit.Show(w, r, http.StatusOK, s.pages["channel"], p)
}

// channelFile gives the playlist, what players ask of a stream, and the slate.
func (s *Server) channelFile(w http.ResponseWriter, r *http.Request) {
	name, file := r.PathValue("name"), r.PathValue("file")
	switch {
	case file == playlistName:
		b, tag, err := s.cfg.Channels.Playlist(r.Context(), name)
		if err != nil {
			fail(w, err)
			return
		}
		sendPlaylist(w, r, b, tag, "max-age=1")
	case file == "status":
		s.channelStatus(w, r, name)
	case strings.HasPrefix(file, "slate-"):
		b, err := s.cfg.Channels.Slate(file)
		if err != nil {
			fail(w, err)
			return
		}
		immutable(w, file)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
	default:
		s.missing(w)
	}
}

// status is what <xf-player> asks of everything that it plays (web/player/state.js).
type status struct {
	Name    string    `json:"name"`
	Live    bool      `json:"live"`
	Ready   bool      `json:"ready"`
	Since   time.Time `json:"since"`
	Tracks  []track   `json:"tracks"`
	BFrames bool      `json:"bFrames"` // such as WebRTC can't carry; a channel has HLS alone
	Viewers int       `json:"viewers"`
	Channel bool      `json:"channel"`
	Now     int64     `json:"now"`
}

type track struct {
	recordings.Track

	BitRate int64 `json:"bitRate"`
}

func (s *Server) channelStatus(w http.ResponseWriter, r *http.Request, name string) {
	x, err := s.cfg.Channels.Get(name)
	if err != nil {
		fail(w, err)
		return
	}
	now := s.cfg.Now()
	out := status{Name: name, Live: true, Ready: true, Since: now, BFrames: true, Channel: true, Now: now.UnixMilli()}
	id, since := x.Now(now)
	out.Since = since
	if it, err := s.cfg.Items.Item(r.Context(), id); id != "" && err == nil {
		out.describe(it)
	}
	if len(out.Tracks) == 0 { // the slate
		out.Tracks = []track{{Track: recordings.Track{Codec: "H264", MIME: "avc1.4d401f", Width: 1280, Height: 720, FPS: 25}}}
	}
	sendStatus(w, out)
}

// describe has the tracks of an item in it.
func (x *status) describe(it *recordings.Item) {
	for i := range it.Tracks {
		x.Tracks = append(x.Tracks, track{Track: it.Tracks[i]})
	}
	if d := it.Duration.Seconds(); d > 0 && len(x.Tracks) > 0 {
		x.Tracks[0].BitRate = int64(float64(8*it.Size()) / d)
	}
}

func sendStatus(w http.ResponseWriter, x status) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(x) //nolint:errcheck,errchkjson // the visitor left
}
