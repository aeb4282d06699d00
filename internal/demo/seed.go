package demo

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/files"
	"xianfeng/internal/roster"
	"xianfeng/internal/site"
	"xianfeng/signaling/broadcast"
)

// Password opens every account of the demo. It is printed at the start, and everything is gone at the end.
const Password = "Qinglan-Demo-99"

// Doors are what the demo comes in by: the same as people's.
type Doors struct {
	Network    *site.Network
	Columns    *content.Columns
	Desk       *content.Desk
	Batch      content.Batch
	Broadcasts *broadcast.Desk
	Links      *content.Links
	People     People
	Passwords  Passwords
	Files      files.Store
	Rows       files.Rows
	Spool      string         // a folder for pictures on their way
	Stream     string         // the live stream that is on air on all sites; "": none
	Zone       *time.Location // of the network
	Now        func() time.Time
}

// People keeps accounts. Package store does.
type People interface {
	SaveAccount(ctx context.Context, a site.Account, entries ...site.Entry) (*site.Account, error)
	Grant(ctx context.Context, id site.AccountID, g site.Grant, entries ...site.Entry) error
	Account(ctx context.Context, id site.AccountID) (*site.Account, error)
}

// Passwords gives an account its first password. Package signin does.
type Passwords interface {
	FirstPassword(ctx context.Context, id site.AccountID, password string, must bool) error
}

// Seeded is what came of it.
type Seeded struct {
	Accounts []Account
	Articles int
	Top      string // code of the province
	Village  string // code of the village that has a clerk

	pictures map[string]files.File
	people   map[string]*site.Account
}

// Seed fills an empty network. It takes a second or two; Finish does later what would take longer.
func Seed(ctx context.Context, doors Doors) (*Seeded, error) {
	d, err := load()
	if err != nil {
		return nil, err
	}
	list, err := roster.Read(bytes.NewReader(d.sites))
	if err != nil {
		return nil, fmt.Errorf("the demo's sites: %w", err)
	}
	if _, err := roster.Import(ctx, doors.Network, list, roster.Options{By: site.System, Source: "demo"}); err != nil {
		return nil, fmt.Errorf("the demo's sites: %w", err)
	}
	top := doors.Network.Tree().Tops()[0]
	if err := doors.Columns.Install(ctx, content.System(), top.ID); err != nil {
		return nil, fmt.Errorf("the demo's columns: %w", err)
	}
	s := &Seeded{Accounts: d.accounts, Top: top.Code, people: map[string]*site.Account{}}
	if err := s.invite(ctx, &doors); err != nil {
		return nil, err
	}
	admin := s.people[d.accounts[0].Login].Who()
	if s.pictures, err = bring(ctx, d, &doors, admin, top.ID); err != nil {
		return nil, err
	}
	if err := s.dress(ctx, d, &doors); err != nil {
		return nil, err
	}
	by := content.Actor{Who: admin}
	if err := s.publish(ctx, d, &doors, by); err != nil {
		return nil, err
	}
	for i, l := range d.links {
		at, _ := doors.Network.Tree().ByCode(l.code)
		if _, err := doors.Links.Save(ctx, by, content.Link{Site: at.ID, Title: l.title, URL: l.url, Section: l.section, Position: i}); err != nil {
			return nil, fmt.Errorf("the demo's link %s: %w", l.title, err)
		}
	}
	if doors.Stream != "" {
		if _, err := doors.Broadcasts.StartNow(ctx, broadcast.Actor(by), broadcast.Broadcast{
			Site: top.ID, Source: broadcast.Source{Kind: broadcast.Stream, Name: doors.Stream}, Title: "全省同步直播：冬季农民课堂",
		}); err != nil {
			return nil, fmt.Errorf("the demo's broadcast: %w", err)
		}
	}
	return s, nil
}

// invite makes the accounts.
func (s *Seeded) invite(ctx context.Context, doors *Doors) error {
	for _, x := range s.Accounts {
		at, _ := doors.Network.Tree().ByCode(x.Site)
		if at == nil {
			return fmt.Errorf("account %s: no site %s: %w", x.Login, x.Site, ErrFormat)
		}
		entry := site.Entry{By: site.System, Site: at.ID, Action: "account.create", Detail: `{"by":"demo"}`}
		a, err := doors.People.SaveAccount(ctx, site.Account{Login: x.Login, Name: x.Name, Home: at.ID}, entry)
		if err != nil {
			return fmt.Errorf("account %s: %w", x.Login, err)
		}
		for _, role := range x.Roles {
			entry := site.Entry{By: site.System, Site: at.ID, Action: "grant.add", Detail: fmt.Sprintf(`{"role":%q}`, role)}
			if err := doors.People.Grant(ctx, a.ID, site.Grant{Role: site.Role(role), Site: at.ID}, entry); err != nil {
				return fmt.Errorf("account %s: %w", x.Login, err)
			}
		}
		if err := doors.Passwords.FirstPassword(ctx, a.ID, Password, false); err != nil {
			return fmt.Errorf("account %s: %w", x.Login, err)
		}
		if s.people[x.Login], err = doors.People.Account(ctx, a.ID); err != nil {
			return fmt.Errorf("account %s: %w", x.Login, err)
		}
		if at.Level == site.Village {
			s.Village = at.Code
		}
	}
	return nil
}

// dress gives sites their looks and the people to call.
func (s *Seeded) dress(ctx context.Context, d *data, doors *Doors) error {
	change := site.Change{
		Entries: []site.Entry{{By: site.System, Action: "site.change", Detail: `{"by":"demo"}`}},
		Tags:    []string{content.NetworkTag},
	}
	for _, a := range d.about {
		n, _ := doors.Network.Tree().ByCode(a.code)
		if n == nil {
			return fmt.Errorf("about site %s: %w", a.code, ErrFormat)
		}
		x := n.Site
		x.Look.Theme, x.Look.Accent, x.Look.Photo, x.Look.Motto = a.theme, a.accent, s.pictures[a.photo].ID, a.motto
		x.About.Hours = a.hours
		for _, p := range a.people {
			x.About.People = append(x.About.People, site.Contact{Name: p.name, Duty: p.duty, Phone: p.phone})
		}
		change.Sites = append(change.Sites, x)
	}
	if _, err := doors.Network.Save(ctx, change); err != nil {
		return fmt.Errorf("the looks of the demo's sites: %w", err)
	}
	return nil
}

// publish brings the articles in, oldest first, and sends on what was offered to the sites above.
func (s *Seeded) publish(ctx context.Context, d *data, doors *Doors, by content.Actor) error {
	now := doors.Now().In(doors.Zone)
	alts := make(map[string]string, len(d.pictures))
	for _, p := range d.pictures {
		alts[p.name] = p.alt
	}
	type entry struct {
		*Article
		ready content.Ready
	}
	all := make([]entry, len(d.articles))
	for i := range d.articles {
		a := &d.articles[i]
		r, err := s.ready(a, doors, by, now, alts)
		if err != nil {
			return err
		}
		all[i] = entry{a, r}
	}
	slices.SortStableFunc(all, func(a, b entry) int { return cmp.Compare(a.ready.At.UnixMilli(), b.ready.At.UnixMilli()) })
	list := make([]content.Ready, len(all))
	for i := range all {
		list[i] = all[i].ready
	}
	kept, err := doors.Desk.Import(ctx, by, doors.Batch, list)
	if err != nil {
		return fmt.Errorf("the demo's articles: %w", err)
	}
	s.Articles = len(kept)
	for i := range all {
		a := all[i].Article
		if a.Offer == "" {
			continue
		}
		to, _ := doors.Network.Tree().ByCode(a.Offer)
		o, err := doors.Desk.OfferUp(ctx, by, kept[i].ID, to.ID, "请上级站点采用")
		if err == nil && a.Taken {
			_, err = doors.Desk.Take(ctx, by, o.ID, "", true)
		}
		if err != nil {
			return fmt.Errorf("offer %q: %w", a.Title, err)
		}
	}
	return nil
}

// ready makes of an article what the desk takes.
func (s *Seeded) ready(a *Article, doors *Doors, by content.Actor, now time.Time, alts map[string]string) (content.Ready, error) {
	at, _ := doors.Network.Tree().ByCode(a.Site)
	if at == nil {
		return content.Ready{}, fmt.Errorf("%q: no site %s: %w", a.Title, a.Site, ErrFormat)
	}
	r := content.Ready{Owner: by.Who.Account, State: content.Published, At: moment(a, now), Pinned: a.Pinned}
	r.Site, r.Slug, r.Format = at.ID, a.Column, content.Markdown
	r.Head = content.Head{Title: strings.ReplaceAll(a.Title, quarter, quarterBefore(now)), Source: a.Source}
	if a.Source == "" {
		r.Head.Source = at.Name
	}
	if who := s.people[a.By]; who != nil {
		r.Owner = who.ID
	}
	var shown []content.Picture
	for i, name := range a.Pictures {
		f, ok := s.pictures[name]
		if !ok {
			return r, fmt.Errorf("%q: no picture %s: %w", a.Title, name, ErrFormat)
		}
		p := content.Picture{File: f.ID, Name: f.Name, Alt: alts[name], Width: f.Width, Height: f.Height}
		if i == 0 && a.Alt != "" {
			p.Alt = a.Alt
		}
		shown = append(shown, p)
	}
	body := named(a.Body, strings.HasSuffix(at.Name, "社区"))
	r.Text = body
	if len(shown) > 0 {
		r.Head.Cover = &shown[0]
	}
	switch content.Kind(a.Column) {
	case content.Album:
		for i := range shown {
			shown[i].Caption = shown[i].Alt
		}
		r.Head.Pictures = shown
	case content.Produce:
		r.Head.Produce = &content.Offering{Price: a.Price, Unit: a.Unit, Season: a.Season, Seller: r.Head.Source, Phone: a.Phone}
		r.Head.Until = now.AddDate(0, 0, a.Expires)
	default:
		if len(shown) > 0 {
			first, rest, _ := strings.Cut(body, "\n\n")
			r.Text = fmt.Sprintf("%s\n\n![%s](%s)\n\n%s", first, shown[0].Alt, files.Address(shown[0].File, "w960.webp"), rest)
		}
	}
	switch {
	case a.State != "":
		r.State, r.At = content.State(a.State), now
	case a.Days < 0:
		r.State = content.Scheduled
	}
	for _, code := range a.Push {
		to, _ := doors.Network.Tree().ByCode(code)
		if to == nil {
			return r, fmt.Errorf("%q: no site %s: %w", a.Title, code, ErrFormat)
		}
		r.PushTo = append(r.PushTo, to.ID)
	}
	return r, nil
}

// moment is when an article was, or will be, published: so many days ago in office hours, which minute
// depends on the title alone.
func moment(a *Article, now time.Time) time.Time {
	h := fnv.New32a()
	h.Write([]byte(a.Site + a.Title))
	minute := int(h.Sum32() % (10 * 60))
	t := time.Date(now.Year(), now.Month(), now.Day()-a.Days, 8, minute, 0, 0, now.Location())
	if a.Days >= 0 && t.After(now) { // today, before the office opened
		t = now.Add(-time.Duration(1+minute%50) * time.Minute)
	}
	return t
}
