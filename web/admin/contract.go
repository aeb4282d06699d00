package admin

import (
	"context"
	"io"
	"time"

	"xianfeng/internal/files"
	"xianfeng/internal/signin"
	"xianfeng/internal/site"
	"xianfeng/signaling/audience"
	"xianfeng/signaling/broadcast"
)

// PeopleQuery says which accounts are wanted.
type PeopleQuery struct {
	Sites []site.ID // at home there, or with a role there
	Text  string    // a part of the login or name
	After string    // only logins behind this one
	Limit int
}

// People keeps accounts and what they may do. Rights are checked here, before.
type People interface {
	Account(ctx context.Context, id site.AccountID) (*site.Account, error)
	Accounts(ctx context.Context, q PeopleQuery) ([]site.Account, error)
	SaveAccount(ctx context.Context, a site.Account, entries ...site.Entry) (*site.Account, error)
	Grant(ctx context.Context, id site.AccountID, g site.Grant, entries ...site.Entry) error
	Revoke(ctx context.Context, id site.AccountID, g site.Grant, entries ...site.Entry) error
}

// Signin changes what others sign in with. It checks the rights itself. package signin has one.
type Signin interface {
	// ResetFor sets a password that its owner must change, and returns it. It is shown once.
	ResetFor(ctx context.Context, v *signin.Visit, id site.AccountID) (temporary string, err error)
	DropFactorsFor(ctx context.Context, v *signin.Visit, id site.AccountID) error
	Sessions(ctx context.Context, id site.AccountID) ([]signin.Session, error)
	EndSessionsFor(ctx context.Context, v *signin.Visit, id site.AccountID, session string) error
}

// Attachments knows the files that were brought, by their keys.
type Attachments interface {
	File(ctx context.Context, id string) (files.File, error)
}

// Stream is a live stream of this server.
type Stream struct {
	Name    string
	Live    bool
	Viewers int
	Since   time.Time
}

// Streams lists what is on air.
type Streams interface {
	Streams() []Stream
}

// Backup writes everything that is kept.
type Backup interface {
	Backup(ctx context.Context, w io.Writer) error
}

// LogQuery says which lines of the log are wanted.
type LogQuery struct {
	Sites  []site.ID // nil: of all
	Before int64     // only lines with a lower number; 0: no matter
	Action string    // begins so
	Limit  int
}

// Log reads the audit log.
type Log interface {
	Audit(ctx context.Context, q LogQuery, fn func(*site.Entry) error) error // newest first
	CheckAudit(ctx context.Context) (lines int64, err error)
	Note(ctx context.Context, entries ...site.Entry) error
}

// Halls are the screens of the sites. It checks the rights itself. Package audience has one.
type Halls interface {
	List(ctx context.Context, by audience.Actor, at site.ID) ([]audience.Terminal, error)
	// Add makes a terminal, Renew gives one another code. The code is shown once.
	Add(ctx context.Context, by audience.Actor, at site.ID, name string) (t audience.Terminal, code string, err error)
	Renew(ctx context.Context, by audience.Actor, id audience.TerminalID) (t audience.Terminal, code string, err error)
	Remove(ctx context.Context, by audience.Actor, id audience.TerminalID) (audience.Terminal, error)
}

// Attendance is who sat before the screens. It tells of those sites only whose figures somebody may see.
type Attendance interface {
	People(ctx context.Context, by audience.Actor, id broadcast.ID) ([]audience.Showing, []audience.Attendee, error)
	Forget(ctx context.Context, by audience.Actor, id broadcast.ID, attendee int64) error
}
