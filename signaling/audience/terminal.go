package audience

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling"
	"xianfeng/signaling/broadcast"
)

// What terminals may be.
const (
	MaxName      = 60  // characters of a terminal's or a person's name
	MaxTerminals = 100 // of one site
	CodeTime     = 15 * time.Minute

	codeDigits = 8 // a remote control has digits
	seenEvery  = time.Minute
)

// TerminalID is a terminal's number.
type TerminalID int64

// Hash is the SHA-256 of a secret that is not kept itself.
type Hash [sha256.Size]byte

// Terminal is a screen of a site.
type Terminal struct {
	ID      TerminalID
	Site    site.ID
	Name    string
	By      site.AccountID
	Created time.Time
	Signed  time.Time // when a screen took the code; zero: none has
	Seen    time.Time // when it was last heard of

	Code    Hash      // zero: there is none
	Expires time.Time // of the code
	Token   Hash      // of the screen; zero: none is signed in
}

// Waiting reports whether a screen may take the code.
func (t *Terminal) Waiting(now time.Time) bool { return t.Code != Hash{} && now.Before(t.Expires) }

// Actor is who does something, and from where.
type Actor = broadcast.Actor

// Halls are the terminals of the sites. It is safe for all goroutines.
type Halls struct {
	keep    Keeper
	network broadcast.Network
	now     func() time.Time
	guesses *limiter // by where they come from
	wrong   *limiter // all of them together: many addresses are no way around
}

// NewHalls returns the terminals. now nil: time.Now.
func NewHalls(keep Keeper, network broadcast.Network, now func() time.Time) *Halls {
	if now == nil {
		now = time.Now
	}
	return &Halls{
		keep: keep, network: network, now: now,
		// 8 digits and at most 60 wrong ones in ten minutes: somebody who guesses for the life of a code finds one of
		// a hundred that wait with a chance of 1 in 11,000.
		guesses: newLimiter(5, 10*time.Minute), wrong: newLimiter(60, 10*time.Minute),
	}
}

func (h *Halls) time() time.Time { return h.now().UTC().Truncate(time.Millisecond) }

func (h *Halls) may(by Actor, at site.ID) bool {
	return h.network.Tree().May(by.Who, site.Broadcast, site.Object{Site: at})
}

// Add makes a terminal and returns the code for its screen. The code is shown once.
func (h *Halls) Add(ctx context.Context, by Actor, at site.ID, name string) (Terminal, string, error) {
	if !h.may(by, at) {
		return Terminal{}, "", fmt.Errorf("terminal of site %d: %w", at, errs.Denied)
	}
	name = strings.Join(strings.Fields(name), " ")
	var p errs.Problems
	checkName(&p, "name", name)
	if err := p.Err(); err != nil {
		return Terminal{}, "", err
	}
	code, err := newCode()
	if err != nil {
		return Terminal{}, "", err
	}
	now := h.time()
	t := Terminal{Site: at, Name: name, By: by.Who.Account, Created: now, Code: hashOf(code), Expires: now.Add(CodeTime)}
	t, err = h.keep.AddTerminal(ctx, t, MaxTerminals, entry(by, at, "terminal.add", map[string]any{"name": name}))
	return t, code, err
}

// Renew gives a terminal another code. The screen that is signed in stays so until the code is taken.
func (h *Halls) Renew(ctx context.Context, by Actor, id TerminalID) (Terminal, string, error) {
	t, err := h.own(ctx, by, id)
	if err != nil {
		return t, "", err
	}
	code, err := newCode()
	if err != nil {
		return t, "", err
	}
	t.Code, t.Expires = hashOf(code), h.time().Add(CodeTime)
	return t, code, h.keep.SaveTerminal(ctx, t, entry(by, t.Site, "terminal.code", map[string]any{"name": t.Name}))
}

// Remove signs a terminal's screen out and forgets the terminal. What it showed stays in the attendance.
func (h *Halls) Remove(ctx context.Context, by Actor, id TerminalID) (Terminal, error) {
	t, err := h.own(ctx, by, id)
	if err != nil {
		return t, err
	}
	return t, h.keep.RemoveTerminal(ctx, id, entry(by, t.Site, "terminal.remove", map[string]any{"name": t.Name}))
}

func (h *Halls) own(ctx context.Context, by Actor, id TerminalID) (Terminal, error) {
	t, err := h.keep.Terminal(ctx, id)
	if err == nil && !h.may(by, t.Site) {
		err = errs.NotFound
	}
	if err != nil {
		return Terminal{}, fmt.Errorf("terminal %d: %w", id, err)
	}
	return t, nil
}

// List returns the terminals of a site.
func (h *Halls) List(ctx context.Context, by Actor, at site.ID) ([]Terminal, error) {
	if !h.may(by, at) {
		return nil, fmt.Errorf("terminals of site %d: %w", at, errs.Denied)
	}
	list, err := h.keep.Terminals(ctx, at)
	if err != nil {
		return nil, fmt.Errorf("terminals of site %d: %w", at, err)
	}
	return list, nil
}

// Enter takes a code that was typed at a screen, and returns the token that the screen keeps. A code is good once.
// Too many wrong ones are errs.TooMany, even with the right one among them.
func (h *Halls) Enter(ctx context.Context, from netip.Prefix, code string) (Terminal, string, error) {
	now := h.now()
	if !h.guesses.may(from.String(), now) || !h.wrong.may("", now) {
		return Terminal{}, "", fmt.Errorf("enter a terminal's code: %w", errs.TooMany)
	}
	digits := onlyDigits(code)
	var t Terminal
	err := errs.NotFound
	if len(digits) == codeDigits {
		t, err = h.keep.TerminalByCode(ctx, hashOf(digits))
		if err == nil && !t.Waiting(now) {
			err = errs.NotFound
		}
	}
	if err != nil {
		h.guesses.note(from.String(), now)
		h.wrong.note("", now)
		return Terminal{}, "", fmt.Errorf("enter a terminal's code: %w", err)
	}
	token, err := newToken()
	if err != nil {
		return t, "", err
	}
	spent := t.Code
	t.Code, t.Expires, t.Token, t.Signed, t.Seen = Hash{}, time.Time{}, hashOf(token), h.time(), h.time()
	if err := h.keep.SignTerminal(ctx, t, spent); err != nil { // errs.Conflict: another screen was faster
		return t, "", fmt.Errorf("sign in terminal %d: %w", t.ID, err)
	}
	return t, token, nil
}

// Of returns the terminal that a screen's token belongs to, and notes that it was heard of.
func (h *Halls) Of(ctx context.Context, token string) (Terminal, error) {
	if token == "" || len(token) > 100 {
		return Terminal{}, fmt.Errorf("terminal: %w", errs.NotFound)
	}
	t, err := h.keep.TerminalByToken(ctx, hashOf(token))
	if err != nil {
		return Terminal{}, fmt.Errorf("terminal: %w", err)
	}
	if now := h.time(); now.Sub(t.Seen) >= seenEvery {
		if err := h.keep.SeenTerminal(ctx, t.ID, now); err != nil {
			return t, fmt.Errorf("terminal %d: %w", t.ID, err)
		}
		t.Seen = now
	}
	return t, nil
}

// Node returns the site that a terminal stands at; nil: it is closed, or gone.
func (h *Halls) Node(t Terminal) *site.Node {
	n := h.network.Tree().Get(t.Site)
	if n == nil || n.State == site.Closed {
		return nil
	}
	return n
}

func newCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
	if err != nil {
		return "", fmt.Errorf("make a code: %w", err)
	}
	return fmt.Sprintf("%0*d", codeDigits, n), nil
}

func newToken() (string, error) {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

func hashOf(secret string) Hash { return sha256.Sum256([]byte(secret)) }

// onlyDigits drops what people write between digits; full-width digits are digits.
func onlyDigits(text string) string {
	var b strings.Builder
	for _, r := range text {
		if '０' <= r && r <= '９' {
			r += '0' - '０'
		}
		if '0' <= r && r <= '9' && b.Len() <= codeDigits {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// checkName notes what is wrong with a name.
func checkName(p *errs.Problems, field, name string) {
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		p.Add(field, "missing", "")
	case n > MaxName:
		p.Add(field, "long", fmt.Sprint(MaxName))
	case !signaling.Clean(name):
		p.Add(field, "bad", "")
	}
}

func entry(by Actor, at site.ID, action string, detail map[string]any) site.Entry {
	text, err := json.Marshal(detail)
	if err != nil || len(detail) == 0 {
		text = []byte("{}") // texts and numbers can always be written
	}
	return site.Entry{By: by.Who.Account, Remote: by.Remote, Site: at, Action: action, Detail: string(text)}
}
