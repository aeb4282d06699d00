// Package keeptest owns what every audience.Keeper has to do, as tests that each of them runs.
//
// It refuses to know how a keeper does it.
package keeptest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling/audience"
	"xianfeng/signaling/broadcast"
)

var noon = time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)

// Run tests a keeper. open returns an empty one, and what returns the tags that it has told since the last time.
func Run(t *testing.T, open func(t *testing.T) (k audience.Keeper, told func() []string)) {
	t.Run("terminals", func(t *testing.T) { terminals(t, open) })
	t.Run("attendance", func(t *testing.T) { attendance(t, open) })
	t.Run("lines", func(t *testing.T) { lines(t, open) })
}

func want(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(x T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

func terminals(t *testing.T, open func(t *testing.T) (audience.Keeper, func() []string)) {
	k, _ := open(t)
	code, token := audience.Hash{1}, audience.Hash{2}
	x := audience.Terminal{Site: 3, Name: "活动室'大屏\"", By: 7, Created: noon, Code: code, Expires: noon.Add(time.Minute)}
	x = must[audience.Terminal](t)(k.AddTerminal(t.Context(), x, 2, site.Entry{By: 7, Site: 3, Action: "terminal.add", Detail: "{}"}))
	for what, get := range map[string]func() (audience.Terminal, error){
		"by number": func() (audience.Terminal, error) { return k.Terminal(t.Context(), x.ID) },
		"by code":   func() (audience.Terminal, error) { return k.TerminalByCode(t.Context(), code) },
	} {
		if got, err := get(); err != nil || got != x {
			t.Errorf("%s: got %+v, %v\nwant %+v", what, got, err, x)
		}
	}
	_, err := k.TerminalByToken(t.Context(), token)
	want(t, "a token that none has", err, errs.NotFound)
	_, err = k.TerminalByToken(t.Context(), audience.Hash{})
	want(t, "no token", err, errs.NotFound)
	_, err = k.TerminalByCode(t.Context(), audience.Hash{})
	want(t, "no code", err, errs.NotFound)

	other := must[audience.Terminal](t)(k.AddTerminal(t.Context(), audience.Terminal{Site: 3, Name: "乙", Created: noon}, 2))
	_, err = k.AddTerminal(t.Context(), audience.Terminal{Site: 3, Name: "丙", Created: noon}, 2)
	want(t, "one too many", err, errs.Full)
	must[audience.Terminal](t)(k.AddTerminal(t.Context(), audience.Terminal{Site: 4, Name: "丙", Created: noon}, 2))
	if list, err := k.Terminals(t.Context(), 3); err != nil || len(list) != 2 {
		t.Errorf("terminals of the site: got %v, %v", list, err)
	}

	signed := x
	signed.Code, signed.Expires, signed.Token, signed.Signed, signed.Seen = audience.Hash{}, time.Time{}, token, noon.Add(time.Second), noon.Add(time.Second)
	if err := k.SignTerminal(t.Context(), signed, code); err != nil {
		t.Fatal(err)
	}
	want(t, "a code is taken twice", k.SignTerminal(t.Context(), signed, code), errs.Conflict)
	if got, err := k.TerminalByToken(t.Context(), token); err != nil || got != signed {
		t.Errorf("by token: got %+v, %v\nwant %+v", got, err, signed)
	}
	_, err = k.TerminalByCode(t.Context(), code)
	want(t, "the code that was taken", err, errs.NotFound)
	again := signed
	again.Code, again.Expires = audience.Hash{3}, noon.Add(time.Hour)
	if err := k.SaveTerminal(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	if got, err := k.TerminalByToken(t.Context(), token); err != nil || got != again {
		t.Errorf("with another code: got %+v, %v\nwant %+v", got, err, again)
	}
	if err := k.SeenTerminal(t.Context(), x.ID, noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got, err := k.Terminal(t.Context(), x.ID); err != nil || !got.Seen.Equal(noon.Add(time.Hour)) {
		t.Errorf("seen: got %+v, %v", got, err)
	}
	if err := k.RemoveTerminal(t.Context(), x.ID); err != nil {
		t.Fatal(err)
	}
	want(t, "removed twice", k.RemoveTerminal(t.Context(), x.ID), errs.NotFound)
	_, err = k.TerminalByToken(t.Context(), token)
	want(t, "the token of one that is gone", err, errs.NotFound)
	if _, err := k.Terminal(t.Context(), other.ID); err != nil {
		t.Errorf("the other: %v", err)
	}
}

func attendance(t *testing.T, open func(t *testing.T) (audience.Keeper, func() []string)) {
	k, _ := open(t)
	const id broadcast.ID = 5
	hall := audience.Terminal{ID: 1, Site: 3, Name: "大屏"}
	for _, s := range []int{0, 30, 60, 60, 300, 330, 320} { // a stretch of 60 s, a pause, 30 s; the last comes too late
		if err := k.OnScreen(t.Context(), hall, id, noon.Add(time.Duration(s)*time.Second), 90*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	one := audience.Attendee{Broadcast: id, Terminal: 1, Site: 3, Name: "王芳", Phone: "13900000000", Device: audience.Hash{1}, At: noon}
	one = must[audience.Attendee](t)(k.Attend(t.Context(), one, 2))
	two := audience.Attendee{Broadcast: id, Terminal: 1, Site: 3, Account: 9, Name: "李强", Device: audience.Hash{2}, At: noon.Add(time.Second)}
	two = must[audience.Attendee](t)(k.Attend(t.Context(), two, 2))
	right := one
	right.ID, right.Name, right.Phone, right.At = 0, "王芳芳", "", noon.Add(time.Hour)
	if got := must[audience.Attendee](t)(k.Attend(t.Context(), right, 2)); got.ID != one.ID {
		t.Errorf("the same telephone: got number %d, want %d", got.ID, one.ID)
	}
	one.Name, one.Phone = right.Name, right.Phone
	full := two
	full.ID, full.Device = 0, audience.Hash{3}
	_, err := k.Attend(t.Context(), full, 2)
	want(t, "one too many", err, errs.Full)

	shown, people, err := k.Attendance(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	wanted := audience.Showing{Broadcast: id, Terminal: 1, Site: 3, Name: "大屏", Seconds: 90, First: noon, Last: noon.Add(330 * time.Second), People: 2}
	if len(shown) != 1 || shown[0] != wanted {
		t.Errorf("got %+v\nwant %+v", shown, wanted)
	}
	if !slices.Equal(people, []audience.Attendee{one, two}) {
		t.Errorf("got %+v\nwant %+v, %+v", people, one, two)
	}
	if n, err := k.Attendees(t.Context(), 1, id); err != nil || n != 2 {
		t.Errorf("got %d, %v, want 2", n, err)
	}
	if err := k.ForgetAttendee(t.Context(), one.ID); err != nil {
		t.Fatal(err)
	}
	want(t, "forgotten twice", k.ForgetAttendee(t.Context(), one.ID), errs.NotFound)
	if err := k.ForgetAttendees(t.Context(), noon.Add(2*time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, people, err := k.Attendance(t.Context(), id); err != nil || len(people) != 0 {
		t.Errorf("later: got %v, %v", people, err)
	}
}

func lines(t *testing.T, open func(t *testing.T) (audience.Keeper, func() []string)) {
	k, told := open(t)
	const id broadcast.ID = 5
	add := func(text string, s audience.LineState) audience.Line {
		t.Helper()
		return must[audience.Line](t)(k.AddLine(t.Context(), audience.Line{Broadcast: id, At: noon, By: 7, Name: "王芳", Text: text, State: s}, 2))
	}
	told()
	a := add("一", audience.Visible)
	if tags := told(); !slices.Contains(tags, audience.ChatTag(id)) || !slices.Contains(tags, audience.DeskTag(id)) {
		t.Errorf("a line that is shown tells %v", tags)
	}
	b := add("二", audience.Waiting)
	if tags := told(); slices.Contains(tags, audience.ChatTag(id)) || !slices.Contains(tags, audience.DeskTag(id)) {
		t.Errorf("a line that waits tells %v", tags)
	}
	add("三", audience.Waiting)
	_, err := k.AddLine(t.Context(), audience.Line{Broadcast: id, At: noon, Name: "x", Text: "x", State: audience.Waiting}, 2)
	want(t, "too many wait", err, errs.Full)
	must[audience.Line](t)(k.AddLine(t.Context(), audience.Line{Broadcast: id + 1, At: noon, Name: "x", Text: "x", State: audience.Visible}, 2))

	all := []audience.LineState{audience.Visible, audience.Waiting, audience.Removed}
	got := must[[]audience.Line](t)(k.Lines(t.Context(), id, 0, all, 10))
	if len(got) != 3 || got[0] != a || got[1] != b || got[0].Seq >= got[1].Seq || got[1].Seq >= got[2].Seq {
		t.Fatalf("got %+v", got)
	}
	newest := got[2].Seq
	if err := k.JudgeLine(t.Context(), id, b.ID, audience.Visible); err != nil {
		t.Fatal(err)
	}
	want(t, "let through twice", k.JudgeLine(t.Context(), id, b.ID, audience.Visible), errs.Conflict)
	want(t, "of another broadcast", k.JudgeLine(t.Context(), id+1, b.ID, audience.Removed), errs.NotFound)
	if got := must[[]audience.Line](t)(k.Lines(t.Context(), id, newest, all, 10)); len(got) != 1 || got[0].ID != b.ID || got[0].State != audience.Visible {
		t.Errorf("what changed: got %+v", got)
	}
	if err := k.JudgeLine(t.Context(), id, a.ID, audience.Removed); err != nil {
		t.Fatal(err)
	}
	want(t, "a removed one comes back", k.JudgeLine(t.Context(), id, a.ID, audience.Visible), errs.Conflict)
	if got := must[[]audience.Line](t)(k.Lines(t.Context(), id, 0, []audience.LineState{audience.Visible}, 10)); len(got) != 1 || got[0].ID != b.ID {
		t.Errorf("what is shown: got %+v", got)
	}
	if got := must[[]audience.Line](t)(k.Lines(t.Context(), id, 0, all, 2)); len(got) != 2 || got[1].ID != a.ID {
		t.Errorf("the newest two: got %+v", got)
	}
}
