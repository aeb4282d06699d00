package site

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"xianfeng/internal/errs"
)

// The longest texts of a site, in characters.
const (
	MaxName    = 60
	MaxShort   = 20
	MaxIntro   = 2000
	MaxAddress = 200
	MaxPhone   = 60
	MaxEmail   = 200
	MaxHours   = 100
	MaxMotto   = 60
	MaxPeople  = 20
)

// Check returns what is wrong with a site as somebody entered it, whatever the others are.
func (s *Site) Check() errs.Problems {
	var p errs.Problems
	switch {
	case s.Code == "":
		p.Add("code", "missing", "")
	case len(s.Code) > maxCode:
		p.Add("code", "long", strconv.Itoa(maxCode))
	case !ValidCode(s.Code):
		p.Add("code", "bad", "")
	}
	if s.Level == 0 {
		p.Add("level", "missing", "")
	} else if levelNames[s.Level] == "" {
		p.Add("level", "unknown", "")
	}
	if strings.TrimSpace(s.Name) == "" {
		p.Add("name", "missing", "")
	}
	line := func(field, text string, most int) {
		switch {
		case utf8.RuneCountInString(text) > most:
			p.Add(field, "long", fmt.Sprint(most))
		case !printable(text, false):
			p.Add(field, "characters", "")
		}
	}
	line("name", s.Name, MaxName)
	line("short", s.Short, MaxShort)
	line("address", s.About.Address, MaxAddress)
	line("phone", s.About.Phone, MaxPhone)
	line("email", s.About.Email, MaxEmail)
	line("hours", s.About.Hours, MaxHours)
	line("motto", s.Look.Motto, MaxMotto)
	if utf8.RuneCountInString(s.About.Intro) > MaxIntro {
		p.Add("intro", "long", fmt.Sprint(MaxIntro))
	} else if !printable(s.About.Intro, true) {
		p.Add("intro", "characters", "")
	}
	if s.Host != "" && !ValidHost(s.Host) {
		p.Add("host", "bad", "")
	}
	if s.About.Email != "" && !mailAddress.MatchString(s.About.Email) {
		p.Add("email", "bad", "")
	}
	if s.Look.Theme != "" && !themeName.MatchString(s.Look.Theme) {
		p.Add("theme", "bad", "")
	}
	if len(s.About.People) > MaxPeople {
		p.Add("people", "many", fmt.Sprint(MaxPeople))
	}
	for _, c := range s.About.People {
		line("people", c.Name, MaxName)
		line("people", c.Duty, MaxName)
		line("people", c.Phone, MaxPhone)
	}
	return p
}

// printable reports whether text is UTF-8 that can be shown; intros have lines.
func printable(text string, multiline bool) bool {
	if !utf8.ValidString(text) {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool {
		if multiline && (r == '\n' || r == '\r' || r == '\t') {
			return false
		}
		return unicode.IsControl(r) || r == utf8.RuneError
	})
}

var (
	mailAddress = regexp.MustCompile(`^[^\s@<>"(),:;]+@[^\s@<>"(),:;]+\.[^\s@<>"(),:;]+$`)
	themeName   = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)
	hostLabel   = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

// ValidHost reports whether host can be a site's own host name: lower case, at least two labels, no port and no
// IP address. Names in other scripts stand in their ASCII form (xn--…), as they come with requests.
func ValidHost(host string) bool {
	labels := strings.Split(host, ".")
	if len(host) > 253 || len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if !hostLabel.MatchString(l) {
			return false
		}
	}
	_, err := netip.ParseAddr(host)
	return err != nil
}

// Changer makes changes of a tree in the name of somebody. It checks no rights: whoever asks has asked
// [Tree.May] on every site that a change touches, on the old and the new site above among them.
type Changer struct {
	Tree   *Tree
	By     AccountID
	Remote string // address of the visitor, for the log
}

// Create makes a new site below parent, 0: at the top.
func (e Changer) Create(s Site, parent ID) (Change, error) {
	s.ID, s.Parent, s.Version = 0, parent, 0
	if err := s.Check().Err(); err != nil {
		return Change{}, err
	}
	c := Change{Sites: []Site{s}}
	e.log(&c, "site.create", parent, s.Code, map[string]any{"name": s.Name, "level": s.Level.String()})
	c.touchAbove(parent)
	return e.checked(c)
}

// Edit puts a site's settings in the place of those it has: names, code, host name, look, contacts, state.
// s.Version is the one that was shown to who edits: a newer one is errs.Conflict. A code or host name that
// is given up goes on leading to the site. Where it stands is for [Changer.Move].
func (e Changer) Edit(s Site) (Change, error) {
	n := e.Tree.Get(s.ID)
	if n == nil {
		return Change{}, fmt.Errorf("site %d: %w", s.ID, errs.NotFound)
	}
	if s.Version != n.Version {
		return Change{}, fmt.Errorf("site %s: %w", n.Code, errs.Conflict)
	}
	if err := s.Check().Err(); err != nil {
		return Change{}, err
	}
	s.Parent, s.Created = n.Parent, n.Created
	return e.replace(n, s, "site.change")
}

// Rename gives a site another name, and short name.
func (e Changer) Rename(id ID, name, short string) (Change, error) {
	return e.edit(id, func(s *Site) { s.Name, s.Short = name, short })
}

// Move hangs a site with all that is below it below another site, 0: at the top. Codes stay, and with them
// all addresses.
func (e Changer) Move(id, parent ID) (Change, error) {
	n := e.Tree.Get(id)
	if n == nil {
		return Change{}, fmt.Errorf("site %d: %w", id, errs.NotFound)
	}
	s := n.Site
	s.Parent = parent
	return e.replace(n, s, "site.change")
}

// Close closes a site for visitors; Reopen opens it again.
func (e Changer) Close(id ID) (Change, error) {
	return e.edit(id, func(s *Site) { s.State = Closed })
}

// Reopen opens a closed site again.
func (e Changer) Reopen(id ID) (Change, error) {
	return e.edit(id, func(s *Site) { s.State = Active })
}

func (e Changer) edit(id ID, fn func(*Site)) (Change, error) {
	n := e.Tree.Get(id)
	if n == nil {
		return Change{}, fmt.Errorf("site %d: %w", id, errs.NotFound)
	}
	s := n.Site
	fn(&s)
	if err := s.Check().Err(); err != nil {
		return Change{}, err
	}
	return e.replace(n, s, "site.change")
}

// replace makes the change of a site that puts s in the place of n.
func (e Changer) replace(n *Node, s Site, action string) (Change, error) {
	c := Change{Sites: []Site{s}}
	c.Replaces(n, &s)
	e.log(&c, action, n.ID, n.Code, Difference(&n.Site, &s))
	return e.checked(c)
}

// Replaces adds to c the addresses that a site gives up when s takes the place of n, and the tags of the pages
// that are different then.
func (c *Change) Replaces(n *Node, s *Site) {
	if s.Code != n.Code {
		c.Aliases = append(c.Aliases, Alias{Code: n.Code, Site: n.ID})
	}
	if s.Host != n.Host && n.Host != "" {
		c.Aliases = append(c.Aliases, Alias{Host: n.Host, Site: n.ID})
	}
	c.tag(fmt.Sprintf("site:%d", n.ID))
	shown := s.Name != n.Name || s.Short != n.Short || s.Code != n.Code || s.Host != n.Host || s.State != n.State || s.Level != n.Level
	moved := s.Parent != n.Parent
	if shown || moved {
		c.touchAbove(n.Parent)
	}
	if moved {
		c.touchAbove(s.Parent)
	}
	if (shown || moved) && n.Size() > 1 {
		c.tag("network") // it stands in the path of every page below, and in what they inherit
	}
}

// touchAbove tags what shows the sites below parent.
func (c *Change) touchAbove(parent ID) {
	if parent == 0 {
		c.tag("network")
		return
	}
	c.tag(fmt.Sprintf("tree:%d", parent))
}

func (c *Change) tag(t string) {
	if !slices.Contains(c.Tags, t) {
		c.Tags = append(c.Tags, t)
	}
}

func (e Changer) log(c *Change, action string, on ID, code string, detail map[string]any) {
	b, err := json.Marshal(detail)
	if err != nil {
		b = []byte("{}") // texts and numbers can always be written
	}
	c.Entries = append(c.Entries, Entry{By: e.By, Remote: e.Remote, Site: on, Action: action, Object: "site:" + code, Detail: string(b)})
}

// checked returns c, or as errs.Problems why no tree comes of it.
func (e Changer) checked(c Change) (Change, error) {
	_, err := e.Tree.with(c)
	field := "parent"
	var code string
	switch {
	case err == nil:
		return c, nil
	case errors.Is(err, ErrDuplicate):
		field, code = "code", "taken"
		s := &c.Sites[0]
		if n := e.Tree.byHost[s.Host]; s.Host != "" && n != nil && n.ID != s.ID {
			field = "host"
		}
	case errors.Is(err, ErrOrphan):
		code = "unknown"
	case errors.Is(err, ErrLoop):
		code = "loop"
	case errors.Is(err, ErrLevel):
		code = "level"
	default:
		return Change{}, err
	}
	return Change{}, errs.Problems{{Field: field, Code: code}}
}

// Difference tells what is different between two versions of a site, as the log keeps it: old and new of each
// field that changed. It is nil where they are the same.
func Difference(from, to *Site) map[string]any {
	d := map[string]any{}
	note := func(field string, a, b any) {
		if a != b {
			d[field] = [2]any{a, b}
		}
	}
	note("parent", from.Parent, to.Parent)
	note("code", from.Code, to.Code)
	note("level", from.Level.String(), to.Level.String())
	note("name", from.Name, to.Name)
	note("short", from.Short, to.Short)
	note("host", from.Host, to.Host)
	note("state", cmp.Or(from.State, Active), cmp.Or(to.State, Active))
	note("theme", from.Look.Theme, to.Look.Theme)
	note("accent", from.Look.Accent, to.Look.Accent)
	note("photo", from.Look.Photo, to.Look.Photo)
	note("motto", from.Look.Motto, to.Look.Motto)
	if !slices.Equal(from.Look.Blocks, to.Look.Blocks) {
		d["blocks"] = [2]any{from.Look.Blocks, to.Look.Blocks}
	}
	note("intro", from.About.Intro, to.About.Intro)
	note("address", from.About.Address, to.About.Address)
	note("phone", from.About.Phone, to.About.Phone)
	note("email", from.About.Email, to.About.Email)
	note("hours", from.About.Hours, to.About.Hours)
	if !slices.Equal(from.About.People, to.About.People) {
		d["people"] = [2]any{from.About.People, to.About.People}
	}
	if len(d) == 0 {
		return nil
	}
	return d
}
