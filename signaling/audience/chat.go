package audience

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling"
	"xianfeng/signaling/broadcast"
)

// What a chat is like.
const (
	MaxLine    = 200 // characters
	MaxWaiting = 200 // lines of one broadcast that wait for a moderator; more: refused

	lineBurst = 3 // lines of one visitor in lineTime
	lineTime  = 20 * time.Second
	fromMost  = 15 // lines from one address in lineTime: a hall has one
	allMost   = 60 // lines of one broadcast in lineTime that are seen at once: nobody can read more
	backlog   = 60 // lines that who comes is given
)

// LineState says who sees a line.
type LineState string

// The states of a line.
const (
	Waiting LineState = "waiting" // moderators, and who wrote it
	Visible LineState = "shown"
	Removed LineState = "removed"
)

// Line is one line of a chat.
type Line struct {
	ID        int64
	Broadcast broadcast.ID
	Seq       uint64 // grows with every change of a line of the broadcast
	At        time.Time
	By        site.AccountID // 0: a visitor
	Name      string
	Text      string
	State     LineState
}

// Writer is who writes a line.
type Writer struct {
	Visitor string   // the page's session
	Who     site.Who // the zero value: nobody is signed in
	Name    string   // of the account; else what they call themself
	From    netip.Prefix
}

// Chat is what people write beside the player. It is safe for all goroutines.
type Chat struct {
	keep      Keeper
	programme *broadcast.Programme
	network   broadcast.Network
	now       func() time.Time

	writers, addresses, all *limiter
}

// NewChat returns the chat. now nil: time.Now.
func NewChat(keep Keeper, p *broadcast.Programme, network broadcast.Network, now func() time.Time) *Chat {
	if now == nil {
		now = time.Now
	}
	return &Chat{keep, p, network, now, newLimiter(lineBurst, lineTime), newLimiter(fromMost, lineTime), newLimiter(allMost, lineTime)}
}

// Write adds a line. Somebody who is signed in is seen at once where the chat is open; all others wait for a
// moderator: nothing that is written without a name that we know is public by itself.
func (c *Chat) Write(ctx context.Context, id broadcast.ID, w Writer, text string) (Line, error) {
	b, err := c.programme.Get(ctx, id)
	if err != nil {
		return Line{}, err //nolint:wrapcheck // it says which
	}
	if b.Chat == broadcast.ChatOff || b.State != broadcast.OnAir {
		return Line{}, fmt.Errorf("chat of broadcast %d: %w", id, errs.Denied)
	}
	x := Line{Broadcast: id, At: c.now().UTC().Truncate(time.Millisecond), By: w.Who.Account, State: Waiting}
	x.Name, x.Text = strings.Join(strings.Fields(w.Name), " "), strings.Join(strings.Fields(text), " ")
	var p errs.Problems
	checkName(&p, "name", x.Name)
	switch n := utf8.RuneCountInString(x.Text); {
	case n == 0:
		p.Add("text", "missing", "")
	case n > MaxLine:
		p.Add("text", "long", fmt.Sprint(MaxLine))
	case !signaling.Clean(x.Text):
		p.Add("text", "bad", "")
	}
	if err := p.Err(); err != nil {
		return x, err
	}
	now, moderator := c.now(), c.moderates(Actor{Who: w.Who}, b.Site)
	if b.Chat == broadcast.ChatOpen && w.Who.Account != 0 || moderator {
		x.State = Visible
	}
	// Lines that wait are bounded by MaxWaiting: strangers can't take the room of those who are seen at once.
	if !c.writers.take(w.Visitor, now) || !c.addresses.take(w.From.String(), now) || x.State == Visible && !moderator && !c.all.take(id.String(), now) {
		return x, fmt.Errorf("chat of broadcast %d: %w", id, errs.TooMany)
	}
	x, err = c.keep.AddLine(ctx, x, MaxWaiting)
	if err != nil {
		return x, fmt.Errorf("chat of broadcast %d: %w", id, err)
	}
	return x, nil
}

func (c *Chat) moderates(by Actor, at site.ID) bool {
	return c.network.Tree().May(by.Who, site.Moderate, site.Object{Site: at})
}

// Judge lets a line through, or takes it away.
func (c *Chat) Judge(ctx context.Context, by Actor, id broadcast.ID, line int64, state LineState) error {
	if state != Visible && state != Removed {
		return fmt.Errorf("line %d becomes %q: %w", line, state, errs.Invalid)
	}
	b, err := c.programme.Get(ctx, id)
	if err != nil {
		return err //nolint:wrapcheck // it says which
	}
	if !c.moderates(by, b.Site) {
		return fmt.Errorf("chat of broadcast %d: %w", id, errs.Denied)
	}
	e := entry(by, b.Site, "chat."+string(state), map[string]any{"line": line})
	e.Object = broadcast.Tag(id)
	return c.keep.JudgeLine(ctx, id, line, state, e)
}

// Lines returns what moderators see: what waits, and the newest that is shown.
func (c *Chat) Lines(ctx context.Context, by Actor, id broadcast.ID) ([]Line, error) {
	b, err := c.programme.Get(ctx, id)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says which
	}
	if !c.moderates(by, b.Site) {
		return nil, fmt.Errorf("chat of broadcast %d: %w", id, errs.Denied)
	}
	lines, err := c.keep.Lines(ctx, id, 0, []LineState{Waiting, Visible}, MaxWaiting+backlog)
	if err != nil {
		return nil, fmt.Errorf("chat of broadcast %d: %w", id, err)
	}
	return lines, nil
}
