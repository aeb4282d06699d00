package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"xianfeng/media"
	"xianfeng/web/kit"
)

// row is one stream as the pages show it; live.js makes the same texts from the API.
type row struct {
	Name    string
	Live    bool
	Details string // codecs and bit rate, for those whom they tell something
	Viewers int
	For     string
}

type livePage struct {
	frame
	Streams []row
	Form    nameForm
}

// rowPage is what the template of one row gets.
type rowPage struct {
	T   *Messages
	Row row
}

// Of is for the template.
func (p livePage) Of(x row) rowPage { return rowPage{p.T, x} }

// Blank is the row that live.js clones and fills.
func (p livePage) Blank() row { return row{Live: true} }

func (s *Server) live(w http.ResponseWriter, r *http.Request) {
	f := s.frame(r, "live")
	f.Title = f.T.LiveTitle
	p := livePage{frame: f}
	// The form of the front page leads here: to the channel of that name.
	if q := r.URL.Query(); q.Has("name") {
		name := q.Get("name")
		if media.CheckName(name) == nil {
			to := "/live/" + name
			if q.Get("do") == "publish" {
				to += "/publish"
			}
			http.Redirect(w, r, to, http.StatusSeeOther)
			return
		}
		p.Form = nameForm{Name: kit.Clip(name), Bad: true}
	}
	p.Streams = s.rows(r, f.T)
	s.show(w, r, "live", p)
}

func (s *Server) rows(r *http.Request, t *Messages) []row {
	var out []row
	for _, info := range s.onAir(r) {
		x := row{Name: info.Name, Live: info.Live, Viewers: info.Viewers, For: lasting(t, time.Since(info.Since))}
		var bits uint64
		seen, heard := t.NoPicture, t.NoSound
		for _, track := range info.Tracks {
			bits += track.Bits
			if track.SampleRate > 0 {
				heard = track.Codec
			} else {
				seen = picture(track)
			}
		}
		x.Details = seen + " · " + heard
		if bits > 0 {
			x.Details += " · " + bitRate(bits)
		}
		out = append(out, x)
	}
	return out
}

func picture(t media.TrackInfo) string {
	text := t.Codec
	if t.Height > 0 {
		text += fmt.Sprintf(" %d×%d", t.Width, t.Height)
	}
	if t.FPS > 0 {
		text += " @" + strconv.Itoa(int(t.FPS+0.5))
	}
	return text
}

func bitRate(bits uint64) string {
	if bits < 999_500 {
		return strconv.FormatUint((bits+500)/1000, 10) + " kbit/s"
	}
	return strconv.FormatFloat(float64(bits)/1e6, 'f', 1, 64) + " Mbit/s"
}

func lasting(t *Messages, d time.Duration) string {
	switch m := int(d.Minutes()); {
	case m < 1:
		return t.JustNow
	case m < 60:
		return fmt.Sprintf(t.Minutes, m)
	default:
		return fmt.Sprintf(t.HoursMins, m/60, m%60)
	}
}
