package library

import (
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"
	"time"

	"xianfeng/recordings"
	"xianfeng/web/kit"
)

type frame struct {
	kit.Frame
	T *Messages
}

func (s *Server) frame(r *http.Request, title string) frame {
	f := frame{s.cfg.Kit.Frame(r), messages(kit.LangOf(r))}
	f.Title, f.Dark = title, true
	return f
}

type itemPage struct {
	frame
	Item      *recordings.Item
	Length    string
	When      time.Time
	WhenText  string
	Growing   bool
	Broadcast bool
	Sound     bool // alone
	Format    string
}

// item shows an item. It is the same page while it is being recorded: the player goes on loading.
func (s *Server) item(w http.ResponseWriter, r *http.Request) {
	it, err := s.cfg.Items.Item(r.Context(), r.PathValue("id"))
	if err != nil {
		s.cfg.Kit.Fail(w, r, err)
		return
	}
	p := itemPage{frame: s.frame(r, it.Title), Item: it, Growing: it.Growing(s.cfg.Now()), Broadcast: it.Origin == recordings.FromBroadcast, When: it.Created}
	if p.When = it.Began; p.When.IsZero() {
		p.When = it.Created
	}
	p.WhenText, p.Length = p.T.date(p.When.In(s.cfg.Zone)), p.T.length(it.Duration)
	var formats []string
	p.Sound = true
	for i := range it.Tracks {
		t := &it.Tracks[i]
		text := t.Codec
		if t.Video() {
			p.Sound = false
			if t.Height > 0 {
				text += " " + strconv.Itoa(t.Width) + "×" + strconv.Itoa(t.Height)
			}
		}
		formats = append(formats, text)
	}
	p.Format = strings.Join(formats, " · ")
	s.cfg.Kit.Show(w, r, http.StatusOK, s.pages["item"], p)
}

// onAir gives an item as a live stream that began at a moment, and what players ask of a stream.
func (s *Server) onAir(w http.ResponseWriter, r *http.Request) {
	ms, err := strconv.ParseInt(r.PathValue("ms"), 10, 64)
	if err != nil || ms < 0 || ms > 1<<43 || strconv.FormatInt(ms, 10) != r.PathValue("ms") {
		s.missing(w)
		return
	}
	it, err := s.cfg.Items.Item(r.Context(), r.PathValue("id"))
	if err != nil {
		fail(w, err)
		return
	}
	now, from := s.cfg.Now(), time.UnixMilli(ms)
	switch r.PathValue("file") {
	case playlistName:
		b := it.AppendLive(nil, from, now, "../../")
		sum := fnv.New64a()
		sum.Write(b) //nolint:errcheck // it takes everything
		sendPlaylist(w, r, b, `"`+it.ID+"-"+strconv.FormatUint(sum.Sum64(), 36)+`"`, "max-age=1")
	case "status":
		out := status{Name: it.ID, Live: true, Ready: true, Since: from, BFrames: true, Channel: true, Now: now.UnixMilli()}
		out.describe(it)
		sendStatus(w, out)
	default:
		s.missing(w)
	}
}

// file gives the playlist, and the pieces that it names.
func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	id, file := r.PathValue("id"), r.PathValue("file")
	if file == "status" {
		it, err := s.cfg.Items.Item(r.Context(), id)
		if err != nil {
			fail(w, err)
			return
		}
		out := status{Name: id, Live: true, Ready: len(it.Segments) > 0, Since: it.Created, BFrames: true, Channel: true, Now: s.cfg.Now().UnixMilli()}
		out.describe(it)
		sendStatus(w, out)
		return
	}
	if file != playlistName {
		s.piece(w, r, id, file)
		return
	}
	it, err := s.cfg.Items.Item(r.Context(), id)
	if err != nil {
		fail(w, err)
		return
	}
	now := s.cfg.Now()
	form := "-w"
	cache := "public, max-age=60"
	if it.Growing(now) {
		form, cache = "-g", "max-age=1"
	}
	sendPlaylist(w, r, it.AppendPlaylist(nil, now), `"`+it.ID+"-"+strconv.Itoa(len(it.Segments))+form+`"`, cache)
}
