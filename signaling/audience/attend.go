package audience

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling/broadcast"
)

// What attendance is like.
const (
	KeepPeople = 2 * 365 * 24 * time.Hour // then names and numbers are forgotten
	MaxPeople  = 1000                     // before one terminal at one broadcast

	ticketTurn = time.Minute     // a screen shows another ticket
	ticketGood = 5 * time.Minute // so long somebody may take to fill in the form
	lateBy     = 15 * time.Minute
	beatMost   = 90 * time.Second // between two signs of a screen that count as one stretch
	ticketLen  = 8 + 8 + 8 + 16
)

// Attendee is somebody who signed in before a terminal.
type Attendee struct {
	ID        int64
	Broadcast broadcast.ID
	Terminal  TerminalID
	Site      site.ID
	Account   site.AccountID // 0: not signed in
	Name      string
	Phone     string // "": not given
	Device    Hash   // who signs in twice with one telephone is one person
	At        time.Time
}

// Showing is how long a terminal showed a broadcast.
type Showing struct {
	Broadcast   broadcast.ID
	Terminal    TerminalID
	Site        site.ID
	Name        string // of the terminal
	Seconds     int
	First, Last time.Time
	People      int // who signed in before it
}

// Person is what somebody enters.
type Person struct {
	Account     site.AccountID
	Name, Phone string
	Device      string // a secret of the telephone
}

// Attendance is who was before the terminals. It is safe for all goroutines.
type Attendance struct {
	keep      Keeper
	programme *broadcast.Programme
	network   broadcast.Network
	secret    []byte
	now       func() time.Time
	forms     *limiter
}

// NewAttendance returns the attendance; secret seals tickets. now nil: time.Now.
func NewAttendance(keep Keeper, p *broadcast.Programme, network broadcast.Network, secret []byte, now func() time.Time) *Attendance {
	if now == nil {
		now = time.Now
	}
	return &Attendance{keep, p, network, secret, now, newLimiter(20, time.Minute)}
}

// Ticket lets people sign in before a terminal. It changes with the minute and is good for some more, so that it
// is of no use to those who are sent a picture of the screen later.
func (a *Attendance) Ticket(t Terminal, id broadcast.ID) string {
	b := make([]byte, 0, ticketLen)
	b = binary.BigEndian.AppendUint64(b, uint64(t.ID))                                //nolint:gosec // above zero
	b = binary.BigEndian.AppendUint64(b, uint64(id))                                  //nolint:gosec // above zero
	b = binary.BigEndian.AppendUint64(b, uint64(a.now().Truncate(ticketTurn).Unix())) //nolint:gosec // after 1970
	return base64.RawURLEncoding.EncodeToString(append(b, a.seal(b)...))
}

func (a *Attendance) seal(b []byte) []byte {
	h := hmac.New(sha256.New, a.secret)
	h.Write([]byte("attendance ticket\x00"))
	h.Write(b)
	return h.Sum(nil)[:16]
}

// Seat is where a ticket leads: a terminal, and what it shows.
type Seat struct {
	Terminal  Terminal
	Broadcast broadcast.Broadcast
	Site      *site.Node
}

// Seat reads a ticket. One that is too old or not ours is errs.NotFound; one of a broadcast that ended a while ago
// is errs.Conflict.
func (a *Attendance) Seat(ctx context.Context, ticket string) (Seat, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(ticket)
	if err != nil || len(raw) != ticketLen || subtle.ConstantTimeCompare(raw[24:], a.seal(raw[:24])) != 1 {
		return Seat{}, fmt.Errorf("ticket: %w", errs.NotFound)
	}
	now := a.now()
	made := time.Unix(int64(binary.BigEndian.Uint64(raw[16:])), 0) //nolint:gosec // we sealed it
	if age := now.Sub(made); age < -ticketTurn || age > ticketGood+ticketTurn {
		return Seat{}, fmt.Errorf("ticket of %v ago: %w", age, errs.NotFound)
	}
	t, err := a.keep.Terminal(ctx, TerminalID(binary.BigEndian.Uint64(raw))) //nolint:gosec // we sealed it
	if err != nil {
		return Seat{}, fmt.Errorf("ticket: %w", err)
	}
	b, err := a.programme.Get(ctx, broadcast.ID(binary.BigEndian.Uint64(raw[8:]))) //nolint:gosec // we sealed it
	if err != nil {
		return Seat{}, fmt.Errorf("ticket: %w", err)
	}
	n := a.network.Tree().Get(t.Site)
	switch {
	case n == nil || n.State == site.Closed:
		return Seat{}, fmt.Errorf("ticket of a site that is closed: %w", errs.NotFound)
	case b.State == broadcast.Cancelled, b.State == broadcast.Ended && now.Sub(b.Ended) > lateBy:
		return Seat{}, fmt.Errorf("ticket of a broadcast that is over: %w", errs.Conflict)
	}
	return Seat{t, b, n}, nil
}

// SignIn notes that somebody is there. Who signs in again with the same telephone corrects what they entered.
func (a *Attendance) SignIn(ctx context.Context, ticket string, p Person) (Attendee, Seat, error) {
	seat, err := a.Seat(ctx, ticket)
	if err != nil {
		return Attendee{}, seat, err
	}
	if !a.forms.take(p.Device, a.now()) {
		return Attendee{}, seat, fmt.Errorf("sign in: %w", errs.TooMany)
	}
	x := Attendee{
		Broadcast: seat.Broadcast.ID, Terminal: seat.Terminal.ID, Site: seat.Terminal.Site, Account: p.Account,
		Name: strings.Join(strings.Fields(p.Name), " "), Phone: strings.TrimSpace(p.Phone), Device: hashOf(p.Device), At: a.now().UTC().Truncate(time.Millisecond),
	}
	var problems errs.Problems
	checkName(&problems, "name", x.Name)
	if !phoneOK(x.Phone) {
		problems.Add("phone", "bad", "")
	}
	if p.Device == "" {
		problems.Add("", "cookies", "")
	}
	if err := problems.Err(); err != nil {
		return x, seat, err
	}
	x, err = a.keep.Attend(ctx, x, MaxPeople)
	if err != nil {
		return x, seat, fmt.Errorf("sign in before terminal %d: %w", x.Terminal, err)
	}
	return x, seat, nil
}

// phoneOK reports whether a number may be one; none is one as well.
func phoneOK(text string) bool {
	digits := 0
	for _, r := range text {
		switch {
		case '0' <= r && r <= '9':
			digits++
		case r != '+' && r != '-' && r != ' ':
			return false
		}
	}
	return text == "" || digits >= 5 && len(text) <= 24
}

// Shows notes that a terminal shows a broadcast at this moment. The time since it last said so counts, if that is
// not long ago: a screen that says so more often, or claims to have been there, gains nothing.
func (a *Attendance) Shows(ctx context.Context, t Terminal, id broadcast.ID) error {
	b, err := a.programme.Get(ctx, id)
	if err != nil {
		return err //nolint:wrapcheck // it says which
	}
	if b.State != broadcast.OnAir {
		return nil
	}
	if err := a.keep.OnScreen(ctx, t, id, a.now().UTC().Truncate(time.Millisecond), beatMost); err != nil {
		return fmt.Errorf("terminal %d shows broadcast %d: %w", t.ID, id, err)
	}
	return nil
}

// People returns who was at a broadcast, and which terminals showed it, on the sites whose figures somebody may see.
func (a *Attendance) People(ctx context.Context, by Actor, id broadcast.ID) ([]Showing, []Attendee, error) {
	if _, err := a.programme.Get(ctx, id); err != nil {
		return nil, nil, err //nolint:wrapcheck // it says which
	}
	shown, people, err := a.keep.Attendance(ctx, id)
	if err != nil {
		return nil, nil, fmt.Errorf("attendance of broadcast %d: %w", id, err)
	}
	if shown, err = a.unseen(ctx, id, shown, people); err != nil {
		return nil, nil, fmt.Errorf("attendance of broadcast %d: %w", id, err)
	}
	t := a.network.Tree()
	may := func(at site.ID) bool { return t.May(by.Who, site.ReadStats, site.Object{Site: at}) }
	return only(shown, func(x *Showing) bool { return may(x.Site) }), only(people, func(x *Attendee) bool { return may(x.Site) }), nil
}

// unseen adds terminals before which people signed in, and which have not shown the broadcast: it is to begin, or their
// screens can't play it.
func (a *Attendance) unseen(ctx context.Context, id broadcast.ID, shown []Showing, people []Attendee) ([]Showing, error) {
	at := map[TerminalID]int{}
	for i := range shown {
		at[shown[i].Terminal] = -1
	}
	for i := range people {
		x := &people[i]
		n, known := at[x.Terminal]
		switch {
		case known && n >= 0:
			shown[n].People++
			continue
		case known:
			continue
		}
		t, err := a.keep.Terminal(ctx, x.Terminal)
		if errors.Is(err, errs.NotFound) {
			at[x.Terminal] = -1 // it was removed
			continue
		}
		if err != nil {
			return nil, err //nolint:wrapcheck // the caller says which
		}
		at[x.Terminal] = len(shown)
		shown = append(shown, Showing{Broadcast: id, Terminal: t.ID, Site: x.Site, Name: t.Name, People: 1})
	}
	return shown, nil
}

func only[T any](list []T, keep func(*T) bool) []T {
	out := list[:0]
	for i := range list {
		if keep(&list[i]) {
			out = append(out, list[i])
		}
	}
	return out
}

// Forget deletes what somebody entered: they asked for it.
func (a *Attendance) Forget(ctx context.Context, by Actor, id broadcast.ID, attendee int64) error {
	_, people, err := a.People(ctx, by, id)
	if err != nil {
		return err
	}
	for i := range people {
		x := &people[i]
		if x.ID == attendee && a.network.Tree().May(by.Who, site.Broadcast, site.Object{Site: x.Site}) {
			e := entry(by, x.Site, "attendance.forget", map[string]any{"attendee": x.ID})
			e.Object = broadcast.Tag(id)
			return a.keep.ForgetAttendee(ctx, x.ID, e)
		}
	}
	return fmt.Errorf("attendee %d: %w", attendee, errs.NotFound)
}

// Sweep forgets whom it is time to forget.
func (a *Attendance) Sweep(ctx context.Context) error {
	return a.keep.ForgetAttendees(ctx, a.now().Add(-KeepPeople))
}

// Count returns how many signed in before a terminal for a broadcast.
func (a *Attendance) Count(ctx context.Context, t Terminal, id broadcast.ID) (int, error) {
	n, err := a.keep.Attendees(ctx, t.ID, id)
	if err != nil {
		return 0, fmt.Errorf("people before terminal %d: %w", t.ID, err)
	}
	return n, nil
}
