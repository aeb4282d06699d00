package site

import "time"

// ID is a site's number. It never changes and is never given again.
type ID int64

// State says whether a site is there for visitors.
type State string

// The states. A closed site answers 410 to visitors; people who work on it still see it.
const (
	Active State = "active"
	Closed State = "closed"
)

// Site is one organisation's website.
type Site struct {
	ID     ID
	Parent ID     // 0: it stands at the top
	Code   string // administrative division code, or a partner's own; part of its address
	Level  Level
	Name   string
	Short  string // for narrow places; "": Name
	Host   string // its own host name, lower case; "": it is reached by its code only
	State  State
	Look   Look
	About  About

	Created, Updated time.Time
	Version          int64 // grows with every change: two people who change it at once are told
}

// Label is the short name.
func (s *Site) Label() string {
	if s.Short != "" {
		return s.Short
	}
	return s.Name
}

// Look is how a site is shown.
type Look struct {
	Theme  string   `json:"theme,omitempty"`  // "": the one of the site above
	Accent string   `json:"accent,omitempty"` // name of one of the theme's colours; "": its first
	Blocks []string `json:"blocks,omitempty"` // which blocks its front page has, in order; none: as the theme has them
	Photo  string   `json:"photo,omitempty"`  // a file's key
	Motto  string   `json:"motto,omitempty"`  // one line below the name
}

// About is who to call and what there is to know.
type About struct {
	Intro   string    `json:"intro,omitempty"` // a few plain sentences
	Address string    `json:"address,omitempty"`
	Phone   string    `json:"phone,omitempty"`
	Email   string    `json:"email,omitempty"`
	Hours   string    `json:"hours,omitempty"` // when somebody is there
	People  []Contact `json:"people,omitempty"`
}

// Contact is somebody whom visitors may call.
type Contact struct {
	Name  string `json:"name"`
	Duty  string `json:"duty,omitempty"`
	Phone string `json:"phone,omitempty"`
}

// Alias is a code or host name that once led to a site and still does.
type Alias struct {
	Code, Host string // one of them
	Site       ID
}
