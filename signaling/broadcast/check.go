package broadcast

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"xianfeng/internal/errs"
	"xianfeng/media"
	"xianfeng/signaling"
)

// The limits of what people enter.
const (
	MaxTitle   = 120 // characters
	MaxSummary = 500
	MaxSlate   = 200
	MaxLength  = 14 * 24 * time.Hour
	MaxAhead   = 2 * 366 * 24 * time.Hour
	MaxPlanned = 500 // planned or on air on one site
)

var itemName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// tidy takes away what nobody means to enter.
func (b *Broadcast) tidy() {
	for _, text := range []*string{&b.Title, &b.Summary, &b.Source.Name, &b.Before, &b.After} {
		*text = strings.TrimSpace(*text)
	}
	for _, at := range []*time.Time{&b.Announce, &b.Starts, &b.Ends} {
		if !at.IsZero() {
			*at = at.UTC().Truncate(time.Millisecond)
		}
	}
	if b.Profile == "" {
		b.Profile = Normal
	}
	if b.Chat == "" {
		b.Chat = ChatOff
	}
}

// check returns what is wrong with a broadcast as somebody entered it. It is to be on air from now on, or later.
func (b *Broadcast) check(now time.Time) errs.Problems {
	var p errs.Problems
	line := func(field, text string, most int, lines bool) {
		switch {
		case utf8.RuneCountInString(text) > most:
			p.Add(field, "long", strconv.Itoa(most))
		case !printable(text, lines):
			p.Add(field, "characters", "")
		}
	}
	if b.Title == "" {
		p.Add("title", "missing", "")
	}
	line("title", b.Title, MaxTitle, false)
	line("summary", b.Summary, MaxSummary, true)
	line("before", b.Before, MaxSlate, true)
	line("after", b.After, MaxSlate, true)
	if why := b.Source.check(); why != "" {
		p.Add("source", why, "")
	}
	switch b.Profile {
	case Low, Normal, Weak:
	default:
		p.Add("profile", "unknown", "")
	}
	switch b.Chat {
	case ChatOff, ChatModerated, ChatOpen:
	default:
		p.Add("chat", "unknown", "")
	}
	b.checkTimes(&p, now)
	return p
}

func (b *Broadcast) checkTimes(p *errs.Problems, now time.Time) {
	from := b.From()
	switch {
	case from.IsZero():
		p.Add("starts", "missing", "")
	case b.State == Planned && from.After(now.Add(MaxAhead)):
		p.Add("starts", "far", "")
	}
	switch {
	case b.Ends.IsZero():
	case !b.Ends.After(from):
		p.Add("ends", "order", "")
	case !b.Ends.After(now):
		p.Add("ends", "past", "")
	case b.Ends.Sub(from) > MaxLength:
		p.Add("ends", "far", "")
	}
	if b.Announce.After(b.Starts) {
		p.Add("announce", "order", "")
	}
}

func (s Source) check() string {
	switch {
	case s.Name == "":
		return "missing"
	case s.Kind == Stream || s.Kind == Channel:
		if media.CheckName(s.Name) != nil {
			return "bad"
		}
	case s.Kind == Item:
		if !itemName.MatchString(s.Name) {
			return "bad"
		}
	default:
		return "unknown"
	}
	return ""
}

func printable(text string, lines bool) bool {
	if lines {
		text = strings.NewReplacer("\r", " ", "\n", " ", "\t", " ").Replace(text)
	}
	return signaling.Clean(text)
}
