package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/recordings"
	"xianfeng/recordings/channel"
	"xianfeng/web/kit"
)

// Channels keeps channels; channel.Channels is one. Rights are checked here, before.
type Channels interface {
	All() []channel.Owned
	Get(name string) (channel.Owned, error)
	Has(ctx context.Context, item string) bool
	Save(ctx context.Context, at site.ID, name, title string, p channel.Plan, edition int, by site.Entry) (*channel.Channel, error)
	Delete(ctx context.Context, at site.ID, name string, by site.Entry) error
}

// Items lists what can be planned; recordings.Library does.
type Items interface {
	Items(ctx context.Context) ([]*recordings.Item, error)
}

const spareRows = 2 // empty entries at the end of the form

func (s *Server) channelRoutes(r *kit.Router) {
	if s.cfg.Channels == nil || s.cfg.Items == nil {
		return
	}
	r.Page("GET /admin/s/{code}/channels", s.at(site.Broadcast, s.channels))
	r.Page("GET /admin/s/{code}/channels/new", s.at(site.Broadcast, s.channel))
	r.Page("GET /admin/s/{code}/channels/{name}", s.at(site.Broadcast, s.channel))
	r.Page("POST /admin/s/{code}/channels/{name}", s.at(site.Broadcast, s.changeChannel))
}

type channelsPage struct {
	shell
	C    *channelWords
	List []channelLine
}

type channelLine struct {
	Name, Title, Now string
	Problems         int
}

// channels lists the channels of a site.
func (s *Server) channels(w http.ResponseWriter, r *http.Request, v *visit) {
	p := channelsPage{shell: s.shell(r, v, "channels", v.at.Label()+" · "+v.t.NavChannels), C: wordsOfChannels(v.lang)}
	now := s.cfg.Now()
	for _, x := range s.cfg.Channels.All() {
		if x.Site != v.at.ID {
			continue
		}
		line := channelLine{Name: x.Channel().Name, Title: x.Channel().Title, Problems: len(x.Problems(s.there(r)))}
		for _, g := range x.Guide(now, now.Add(time.Second)) {
			line.Now = p.C.titleOf(g)
		}
		p.List = append(p.List, line)
	}
	s.show(w, r, "channels", p)
}

func (s *Server) there(r *http.Request) func(string) bool {
	known := map[string]bool{}
	return func(id string) bool {
		ok, asked := known[id]
		if !asked {
			ok = s.cfg.Channels.Has(r.Context(), id)
			known[id] = ok
		}
		return ok
	}
}

type channelPage struct {
	shell
	C       *channelWords
	New     bool
	Name    string
	Heading string
	Edition int
	Rows    []channelRow
	Filler  []planned // items, chosen or not
	Items   []planned
	Wrong   []string // problems of the plan as it is saved
	Today   []todayLine
	Soon    string // when the newest plan comes into force
}

type channelRow struct {
	N     int
	Days  [7]bool
	Names [7]string
	At    string
	Items []planned // as many fields as there are items, and one more
	Loop  bool
}

// planned is a field that picks an item.
type planned struct {
	ID, Title string
	Chosen    bool
}

type todayLine struct {
	From, To, Title string
	Slate, Filler   bool
}

// channel shows a channel's plan as a form.
func (s *Server) channel(w http.ResponseWriter, r *http.Request, v *visit) {
	p, err := s.channelPage(r, v, r.PathValue("name"))
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	s.show(w, r, "channel", p)
}

func (s *Server) channelPage(r *http.Request, v *visit, name string) (channelPage, error) {
	p := channelPage{C: wordsOfChannels(v.lang), New: name == "" || name == "new", Name: name}
	var plan channel.Plan
	if p.New {
		p.Name = ""
		p.shell = s.shell(r, v, "channels", v.at.Label()+" · "+p.C.New)
	} else {
		x, err := s.cfg.Channels.Get(name)
		if err != nil {
			return p, err //nolint:wrapcheck // it says what
		}
		if x.Site != v.at.ID {
			return p, fmt.Errorf("channel %s of another site: %w", name, errs.NotFound)
		}
		doc := x.Channel()
		plan, p.Heading, p.Edition = doc.Plan(), doc.Title, doc.Edition
		p.shell = s.shell(r, v, "channels", doc.Title)
		s.today(r, &p, x)
	}
	items, err := s.finished(r.Context())
	if err != nil {
		return p, err
	}
	for _, it := range items {
		p.Items = append(p.Items, planned{ID: it.ID, Title: it.Title + " · " + p.C.length(it.Duration)})
	}
	p.fill(plan)
	return p, nil
}

// finished returns the items that can be shown from beginning to end.
func (s *Server) finished(ctx context.Context) (out []*recordings.Item, err error) {
	items, err := s.cfg.Items.Items(ctx)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what
	}
	now := s.cfg.Now()
	for _, it := range items {
		if !it.Growing(now) && len(it.Segments) > 0 {
			out = append(out, it)
		}
	}
	return out, nil
}

// fill puts a plan into the form.
func (p *channelPage) fill(plan channel.Plan) {
	p.Rows = nil
	for i := range len(plan.Entries) + spareRows {
		row := channelRow{N: i, Names: p.C.Days}
		var chosen []string
		if i < len(plan.Entries) {
			e := &plan.Entries[i]
			for d := range 7 {
				row.Days[d] = e.Days == 0 || e.Days>>d&1 == 1
			}
			row.At, row.Loop, chosen = clock(e.At), e.Loop, e.Items
		} else {
			row.Days = [7]bool{true, true, true, true, true, true, true}
		}
		row.Items = append(p.fields(chosen), planned{})
		p.Rows = append(p.Rows, row)
	}
	p.Filler = append(p.fields(plan.Filler), planned{})
}

func (p *channelPage) fields(ids []string) []planned {
	out := make([]planned, 0, len(ids)+1)
	for _, id := range ids {
		out = append(out, planned{ID: id, Title: p.C.Gone, Chosen: true})
		for _, it := range p.Items {
			if it.ID == id {
				out[len(out)-1].Title = it.Title
			}
		}
	}
	return out
}

// Pick is what the template of one field needs.
func (p channelPage) Pick(name string, c planned, label string) pick {
	return pick{p.C, name, label, c, p.Items}
}

type pick struct {
	C           *channelWords
	Name, Label string
	Chosen      planned
	Items       []planned
}

// Known reports whether the chosen item is among those that can be chosen.
func (x pick) Known() bool {
	for _, it := range x.Items {
		if it.ID == x.Chosen.ID {
			return true
		}
	}
	return false
}

func clock(sec int) string {
	if sec%60 == 0 {
		return fmt.Sprintf("%02d:%02d", sec/3600, sec/60%60)
	}
	return fmt.Sprintf("%02d:%02d:%02d", sec/3600, sec/60%60, sec%60)
}

// today says what the plan means: what is shown today, and what is to be known of it.
func (s *Server) today(r *http.Request, p *channelPage, x channel.Owned) {
	for _, w := range x.Problems(s.there(r)) {
		p.Wrong = append(p.Wrong, p.C.problem(w))
	}
	now := s.cfg.Now()
	local := now.In(s.cfg.Zone)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, s.cfg.Zone)
	for _, g := range x.Guide(midnight, midnight.AddDate(0, 0, 1)) {
		p.Today = append(p.Today, todayLine{s.moment(g.From, "15:04:05"), s.moment(g.To, "15:04:05"), p.C.titleOf(g), g.Item == "", g.Filler})
	}
	doc := x.Channel()
	if from := time.Unix(0, doc.Versions[len(doc.Versions)-1].From); from.After(now) {
		p.Soon = fmt.Sprintf(p.C.Soon, s.moment(from, "15:04:05"))
	}
}

// changeChannel saves a plan, or takes the channel away.
func (s *Server) changeChannel(w http.ResponseWriter, r *http.Request, v *visit) {
	c := wordsOfChannels(v.lang)
	name := r.PathValue("name")
	isNew := name == "new"
	if isNew {
		name = strings.TrimSpace(r.PostFormValue("name"))
	} else if x, err := s.cfg.Channels.Get(name); err != nil || x.Site != v.at.ID {
		s.kit.FailPage(w, r, http.StatusNotFound, "", "")
		return
	}
	if r.PostFormValue("do") == "delete" {
		if err := s.cfg.Channels.Delete(r.Context(), v.at.ID, name, v.channelEntry("channel.delete", name)); err != nil {
			s.kit.Fail(w, r, err)
			return
		}
		s.done(w, r, v.address("channels"), "channel")
		return
	}
	plan, said := c.read(r)
	edition, err := strconv.Atoi(r.PostFormValue("edition"))
	if err != nil || isNew {
		edition = 0
	}
	title := strings.TrimSpace(r.PostFormValue("title"))
	if len(said) == 0 {
		if _, err := s.cfg.Channels.Save(r.Context(), v.at.ID, name, title, plan, edition, v.channelEntry("channel.save", name)); err == nil {
			s.done(w, r, v.address("channels")+"/"+name, "channel")
			return
		} else if said = c.failure(err); said == nil {
			s.kit.Fail(w, r, err)
			return
		}
	}
	p, err := s.channelPage(r, v, r.PathValue("name"))
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	p.Problems, p.Heading, p.Edition = said, title, edition
	if isNew {
		p.Name = name
	}
	p.fill(plan)
	s.showWrong(w, r, "channel", p)
}

func (v *visit) channelEntry(action, name string) site.Entry {
	detail, err := json.Marshal(map[string]string{"name": name})
	if err != nil {
		detail = []byte("{}")
	}
	return site.Entry{By: v.Who.Account, Remote: v.by.Remote, Site: v.at.ID, Action: action, Object: "channel:" + name, Detail: string(detail)}
}

// read makes a plan of the form. Rows without a time and items are left out.
func (c *channelWords) read(r *http.Request) (p channel.Plan, said []string) {
	chosen := func(name string) (out []string) {
		for _, id := range r.PostForm[name] {
			if id != "" {
				out = append(out, id)
			}
		}
		return out
	}
	if err := r.ParseForm(); err != nil {
		return p, []string{c.BadForm}
	}
	p.Filler = chosen("filler")
	rows, err := strconv.Atoi(r.PostFormValue("rows"))
	if err != nil || rows < 0 || rows > channel.MaxEntries+spareRows {
		return p, []string{c.BadForm}
	}
	for i := range rows {
		n := strconv.Itoa(i)
		at, items := strings.TrimSpace(r.PostFormValue("at"+n)), chosen("item"+n)
		if at == "" && len(items) == 0 || r.PostFormValue("drop"+n) != "" {
			continue
		}
		e := channel.Entry{Items: items, Loop: r.PostFormValue("loop"+n) != ""}
		for _, d := range r.PostForm["day"+n] {
			if k, err := strconv.Atoi(d); err == nil && k >= 0 && k < 7 {
				e.Days |= 1 << k
			}
		}
		t, err := time.Parse("15:04:05", at)
		if err != nil {
			t, err = time.Parse("15:04", at)
		}
		switch {
		case err != nil:
			said = append(said, fmt.Sprintf(c.BadTime, i+1))
		case e.Days == 0:
			said = append(said, fmt.Sprintf(c.NoDay, i+1))
		}
		e.At = t.Hour()*3600 + t.Minute()*60 + t.Second()
		p.Entries = append(p.Entries, e)
	}
	return p, said
}

// failure says why a plan could not be saved; nil where it is another kind of failure.
func (c *channelWords) failure(err error) (said []string) {
	var wrong errs.Problems
	switch {
	case errors.As(err, &wrong):
		for _, x := range wrong {
			said = append(said, c.wrong(x))
		}
	case errors.Is(err, errs.Exists):
		said = []string{c.Taken}
	case errors.Is(err, errs.Conflict):
		said = []string{c.Changed}
	}
	return said
}
