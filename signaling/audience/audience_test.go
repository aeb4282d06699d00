package audience_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling"
	"xianfeng/signaling/audience"
	"xianfeng/signaling/audience/keeptest"
	"xianfeng/signaling/broadcast"
	broadcasttest "xianfeng/signaling/broadcast/keeptest"
	"xianfeng/signaling/ws"
)

var (
	_ ws.Appender = audience.Topics{}
	_ ws.Provider = (*audience.Applause)(nil)
)

func TestMemoryKeepsTheAudience(t *testing.T) {
	keeptest.Run(t, func(*testing.T) (audience.Keeper, func() []string) {
		var mu sync.Mutex
		var told []string
		return &keeptest.Memory{Listen: func(tags []string) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, tags...)
		}}, func() (out []string) {
			mu.Lock()
			defer mu.Unlock()
			out, told = told, nil
			return out
		}
	})
}

const (
	county site.ID = iota + 1
	village
	neighbour
)

// hall is a village with a screen, and a broadcast that is on air there.
type hall struct {
	tree  *site.Tree
	keep  *keeptest.Memory
	desk  *broadcast.Desk
	air   *broadcast.Programme
	now   time.Time
	b     broadcast.Broadcast
	halls *audience.Halls
	list  *audience.Attendance
	chat  *audience.Chat
}

func (h *hall) Tree() *site.Tree      { return h.tree }
func (h *hall) clock() time.Time      { return h.now }
func (h *hall) after(d time.Duration) { h.now = h.now.Add(d) }

func as(role site.Role, at site.ID) audience.Actor {
	return audience.Actor{Who: site.Who{Account: 10 + site.AccountID(at), Grants: []site.Grant{{Role: role, Site: at}}}, Remote: "192.0.2.1"}
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

func want(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func open(t *testing.T, chat broadcast.Chat) *hall {
	t.Helper()
	h := &hall{keep: &keeptest.Memory{}, now: time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)}
	h.tree = must[*site.Tree](t)(site.NewTree([]site.Site{
		{ID: county, Code: "990101", Level: site.County, Name: "县"},
		{ID: village, Parent: county, Code: "990101001001", Level: site.Village, Name: "村"},
		{ID: neighbour, Parent: county, Code: "990101001002", Level: site.Village, Name: "邻村"},
	}, nil))
	keep := &broadcasttest.Memory{}
	h.air = must[*broadcast.Programme](t)(broadcast.Open(t.Context(), keep, h))
	keep.Listen = func(tags []string) {
		if err := h.air.Changed(context.Background(), tags); err != nil {
			t.Error(err)
		}
	}
	h.desk = broadcast.NewDesk(keep, h, h.air, h.clock)
	h.b = must[broadcast.Broadcast](t)(h.desk.StartNow(t.Context(), as(site.Editor, county), broadcast.Broadcast{
		Site: county, Title: "大会", Source: broadcast.Source{Kind: broadcast.Stream, Name: "hall"}, Chat: chat,
	}))
	h.halls = audience.NewHalls(h.keep, h, h.clock)
	h.list = audience.NewAttendance(h.keep, h.air, h, []byte("secret"), h.clock)
	h.chat = audience.NewChat(h.keep, h.air, h, h.clock)
	return h
}

var home = netip.MustParsePrefix("192.0.2.7/32")

// screen signs a screen of the village in.
func (h *hall) screen(t *testing.T) (audience.Terminal, string) {
	t.Helper()
	_, code, err := h.halls.Add(t.Context(), as(site.Editor, village), village, " 活动室  大屏 ")
	if err != nil {
		t.Fatal(err)
	}
	x, token, err := h.halls.Enter(t.Context(), home, code)
	if err != nil {
		t.Fatal(err)
	}
	return x, token
}

func TestAScreenSignsInWithACode(t *testing.T) {
	h := open(t, broadcast.ChatOff)
	x, code, err := h.halls.Add(t.Context(), as(site.Editor, village), village, " 活动室  大屏 ")
	if err != nil || x.Name != "活动室 大屏" || len(code) != 8 {
		t.Fatalf("got %+v, %q, %v", x, code, err)
	}
	_, _, err = h.halls.Add(t.Context(), as(site.Author, village), village, "x")
	want(t, "an author adds one", err, errs.Denied)
	_, _, err = h.halls.Add(t.Context(), as(site.Editor, neighbour), village, "x")
	want(t, "the neighbour adds one", err, errs.Denied)
	_, _, err = h.halls.Add(t.Context(), as(site.Editor, village), village, "\u202eevil")
	want(t, "a name that turns the line round", err, errs.Invalid)

	wide := strings.Map(func(r rune) rune { return r + '０' - '0' }, code[:4]) + " - " + code[4:]
	got, token, err := h.halls.Enter(t.Context(), home, wide)
	if err != nil || got.ID != x.ID || got.Signed.IsZero() {
		t.Fatalf("got %+v, %v", got, err)
	}
	_, _, err = h.halls.Enter(t.Context(), home, code)
	want(t, "the same code again", err, errs.NotFound)
	if of, err := h.halls.Of(t.Context(), token); err != nil || of.ID != x.ID {
		t.Errorf("by its token: got %+v, %v", of, err)
	}
	for _, token := range []string{"", "x", strings.Repeat("x", 1000)} {
		_, err = h.halls.Of(t.Context(), token)
		want(t, "token "+token, err, errs.NotFound)
	}
	_, again, err := h.halls.Renew(t.Context(), as(site.Editor, village), x.ID)
	if err != nil {
		t.Fatal(err)
	}
	h.after(audience.CodeTime)
	_, _, err = h.halls.Enter(t.Context(), home, again)
	want(t, "a code that is too old", err, errs.NotFound)
	if _, err := h.halls.Of(t.Context(), token); err != nil {
		t.Errorf("with another code the screen stays signed in: %v", err)
	}
	_, err = h.halls.Remove(t.Context(), as(site.Editor, neighbour), x.ID)
	want(t, "the neighbour removes it", err, errs.NotFound)
	must[audience.Terminal](t)(h.halls.Remove(t.Context(), as(site.Editor, county), x.ID))
	_, err = h.halls.Of(t.Context(), token)
	want(t, "one that was removed", err, errs.NotFound)
	for _, e := range h.keep.Log() {
		if strings.Contains(e.Detail, code) || strings.Contains(e.Detail, again) {
			t.Errorf("the log tells a code: %+v", e)
		}
	}
}

func TestWhoGuessesCodesIsStopped(t *testing.T) {
	h := open(t, broadcast.ChatOff)
	_, code, err := h.halls.Add(t.Context(), as(site.Editor, village), village, "大屏")
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for n := range 1000 {
		from := netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, byte(n / 256), byte(n)}), 32) // each guess from elsewhere
		_, _, err := h.halls.Enter(t.Context(), from, fmt.Sprintf("%08d", n))
		if errors.Is(err, errs.NotFound) {
			tried++
		} else {
			want(t, "a guess", err, errs.TooMany)
		}
	}
	if tried != 60 {
		t.Errorf("%d guesses were tried, want 60", tried)
	}
	_, _, err = h.halls.Enter(t.Context(), home, code)
	want(t, "the right one among them", err, errs.TooMany)

	other := open(t, broadcast.ChatOff)
	for range 5 {
		_, _, err := other.halls.Enter(t.Context(), home, "1")
		want(t, "a wrong one", err, errs.NotFound)
	}
	_, _, err = other.halls.Enter(t.Context(), home, "1")
	want(t, "the sixth from one place", err, errs.TooMany)
	other.after(10 * time.Minute)
	_, _, err = other.halls.Enter(t.Context(), home, "1")
	want(t, "later", err, errs.NotFound)
}

func TestPeopleSignInBeforeAScreen(t *testing.T) {
	h := open(t, broadcast.ChatOff)
	x, _ := h.screen(t)
	ticket := h.list.Ticket(x, h.b.ID)
	seat, err := h.list.Seat(t.Context(), ticket)
	if err != nil || seat.Terminal.ID != x.ID || seat.Broadcast.ID != h.b.ID || seat.Site.ID != village {
		t.Fatalf("got %+v, %v", seat, err)
	}
	person := audience.Person{Name: "  王 芳 ", Phone: "139 0000-0000", Device: "d1"}
	a, _, err := h.list.SignIn(t.Context(), ticket, person)
	if err != nil || a.Name != "王 芳" || a.Site != village {
		t.Fatalf("got %+v, %v", a, err)
	}
	person.Name = "王芳"
	if again, _, err := h.list.SignIn(t.Context(), ticket, person); err != nil || again.ID != a.ID {
		t.Errorf("the same telephone again: got %+v, %v", again, err)
	}
	for _, bad := range []audience.Person{
		{Name: "", Device: "d"},
		{Name: strings.Repeat("长", 61), Device: "d"},
		{Name: "a\x00b", Device: "d"},
		{Name: "x", Phone: "call me", Device: "d"},
		{Name: "x", Phone: "123", Device: "d"},
		{Name: "x"},
	} {
		_, _, err := h.list.SignIn(t.Context(), ticket, bad)
		want(t, fmt.Sprintf("%+v", bad), err, errs.Invalid)
	}
	for what, forged := range map[string]string{
		"none": "", "cut": ticket[:len(ticket)-4], "longer": ticket + "AAAA", "changed": "AAAAAAAAAAk" + ticket[11:],
		"of another server": audience.NewAttendance(h.keep, h.air, h, []byte("other"), h.clock).Ticket(x, h.b.ID),
	} {
		_, _, err := h.list.SignIn(t.Context(), forged, person)
		want(t, "a ticket that is "+what, err, errs.NotFound)
	}
	h.after(7 * time.Minute)
	_, _, err = h.list.SignIn(t.Context(), ticket, person)
	want(t, "a ticket that is old", err, errs.NotFound)

	ticket = h.list.Ticket(x, h.b.ID)
	if _, err := h.desk.End(t.Context(), as(site.Editor, county), h.b.ID, 0); err != nil {
		t.Fatal(err)
	}
	h.after(5 * time.Minute)
	if _, _, err := h.list.SignIn(t.Context(), ticket, person); err != nil {
		t.Errorf("shortly after the end: %v", err)
	}
	h.after(20 * time.Minute)
	_, _, err = h.list.SignIn(t.Context(), h.list.Ticket(x, h.b.ID), person)
	want(t, "long after the end", err, errs.Conflict)
}

func TestAttendanceIsTheSites(t *testing.T) {
	h := open(t, broadcast.ChatOff)
	x, _ := h.screen(t)
	for range 10 { // a screen that says so all the time
		if err := h.list.Shows(t.Context(), x, h.b.ID); err != nil {
			t.Fatal(err)
		}
		h.after(6 * time.Second)
	}
	a, _, err := h.list.SignIn(t.Context(), h.list.Ticket(x, h.b.ID), audience.Person{Name: "王芳", Device: "d"})
	if err != nil {
		t.Fatal(err)
	}
	for _, by := range []audience.Actor{as(site.Viewer, village), as(site.Editor, county)} {
		shown, people, err := h.list.People(t.Context(), by, h.b.ID)
		if err != nil || len(shown) != 1 || shown[0].Seconds != 54 || shown[0].People != 1 || len(people) != 1 || people[0].Name != "王芳" {
			t.Errorf("got %+v, %+v, %v", shown, people, err)
		}
	}
	shown, people, err := h.list.People(t.Context(), as(site.Administrator, neighbour), h.b.ID)
	if err != nil || len(shown)+len(people) != 0 {
		t.Errorf("the neighbour sees %+v, %+v, %v", shown, people, err)
	}
	want(t, "the neighbour deletes", h.list.Forget(t.Context(), as(site.Administrator, neighbour), h.b.ID, a.ID), errs.NotFound)
	want(t, "who only looks deletes", h.list.Forget(t.Context(), as(site.Viewer, village), h.b.ID, a.ID), errs.NotFound)
	if err := h.list.Forget(t.Context(), as(site.Editor, village), h.b.ID, a.ID); err != nil {
		t.Error(err)
	}
	if _, _, err := h.list.SignIn(t.Context(), h.list.Ticket(x, h.b.ID), audience.Person{Name: "王芳", Device: "d"}); err != nil {
		t.Fatal(err)
	}
	h.after(audience.KeepPeople + time.Hour)
	if err := h.list.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, people, _ := h.list.People(t.Context(), as(site.Editor, county), h.b.ID); len(people) != 0 {
		t.Errorf("years later: %+v", people)
	}
}

func TestAScreenThatShowedNothingHasItsPeople(t *testing.T) {
	h := open(t, broadcast.ChatOff)
	x, _ := h.screen(t)
	for _, device := range []string{"d", "e"} {
		if _, _, err := h.list.SignIn(t.Context(), h.list.Ticket(x, h.b.ID), audience.Person{Name: "王芳", Device: device}); err != nil {
			t.Fatal(err)
		}
	}
	shown, people, err := h.list.People(t.Context(), as(site.Editor, county), h.b.ID)
	if err != nil || len(people) != 2 || len(shown) != 1 || shown[0].Name != x.Name || shown[0].People != 2 || shown[0].Seconds != 0 {
		t.Errorf("got %+v, %+v, %v", shown, people, err)
	}
}

func (h *hall) told(t *testing.T, topic string, since uint64) (lines []audience.Told, version uint64) {
	t.Helper()
	body, version, err := audience.Topics{Chat: h.chat}.Value(t.Context(), topic, since)
	if err != nil {
		t.Fatal(err)
	}
	var x struct{ Lines []audience.Told }
	if err := json.Unmarshal(body, &x); err != nil {
		t.Fatal(err)
	}
	return x.Lines, version
}

func TestWhoIsNotKnownWaitsForAModerator(t *testing.T) {
	h := open(t, broadcast.ChatOpen)
	chat, desk := "chat:"+h.b.ID.String(), "moderate:"+h.b.ID.String()
	guest := audience.Writer{Visitor: "v1", Name: "老李", From: home}
	member := audience.Writer{Visitor: "v2", Who: site.Who{Account: 99}, Name: "王芳", From: home}
	waits := must[audience.Line](t)(h.chat.Write(t.Context(), h.b.ID, guest, " 请问  <b>几点</b>结束 "))
	if waits.State != audience.Waiting || waits.Text != "请问 <b>几点</b>结束" {
		t.Errorf("a guest's: got %+v", waits)
	}
	if got := must[audience.Line](t)(h.chat.Write(t.Context(), h.b.ID, member, "好")); got.State != audience.Visible {
		t.Errorf("a member's: got %+v", got)
	}
	lines, version := h.told(t, chat, 0)
	if len(lines) != 1 || lines[0].Name != "王芳" || !lines[0].Known {
		t.Errorf("everybody sees %+v", lines)
	}
	if lines, _ := h.told(t, desk, 0); len(lines) != 2 || !lines[0].Waiting {
		t.Errorf("moderators see %+v", lines)
	}
	want(t, "an author judges", h.chat.Judge(t.Context(), as(site.Author, county), h.b.ID, waits.ID, audience.Visible), errs.Denied)
	want(t, "a moderator below judges", h.chat.Judge(t.Context(), as(site.Moderator, village), h.b.ID, waits.ID, audience.Visible), errs.Denied)
	if err := h.chat.Judge(t.Context(), as(site.Moderator, county), h.b.ID, waits.ID, audience.Visible); err != nil {
		t.Fatal(err)
	}
	lines, version = h.told(t, chat, version)
	if len(lines) != 1 || lines[0].ID != waits.ID {
		t.Errorf("then everybody is told %+v", lines)
	}
	if err := h.chat.Judge(t.Context(), as(site.Moderator, county), h.b.ID, waits.ID, audience.Removed); err != nil {
		t.Fatal(err)
	}
	if lines, _ := h.told(t, chat, version); len(lines) != 1 || !lines[0].Removed || lines[0].Text != "" || lines[0].Name != "" {
		t.Errorf("and at last %+v", lines)
	}
	_, err := audience.Topics{Chat: h.chat}.Open(t.Context(), &signaling.Visitor{}, desk)
	want(t, "a visitor follows what moderators see", err, errs.Denied)
}

func TestChatsAreBounded(t *testing.T) {
	h := open(t, broadcast.ChatModerated)
	member := audience.Writer{Visitor: "v2", Who: site.Who{Account: 99}, Name: "王芳", From: home}
	if got := must[audience.Line](t)(h.chat.Write(t.Context(), h.b.ID, member, "好")); got.State != audience.Waiting {
		t.Errorf("a member's in a moderated chat: got %+v", got)
	}
	for _, text := range []string{"", "   ", strings.Repeat("长", 201), "a\u202eb", "\xff"} {
		_, err := h.chat.Write(t.Context(), h.b.ID, member, text)
		want(t, fmt.Sprintf("%q", text), err, errs.Invalid)
	}
	_, err := h.chat.Write(t.Context(), h.b.ID, audience.Writer{Visitor: "v3", From: home}, "没有名字")
	want(t, "without a name", err, errs.Invalid)
	for range 2 {
		must[audience.Line](t)(h.chat.Write(t.Context(), h.b.ID, member, "好"))
	}
	_, err = h.chat.Write(t.Context(), h.b.ID, member, "好")
	want(t, "the fourth", err, errs.TooMany)
	full := false
	for n := range 300 {
		w := audience.Writer{Visitor: fmt.Sprint(n), Name: "x", From: netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(n)}), 32)}
		if _, err := h.chat.Write(t.Context(), h.b.ID, w, "x"); errors.Is(err, errs.Full) {
			full = true
		}
		h.after(time.Second)
	}
	if lines := must[[]audience.Line](t)(h.chat.Lines(t.Context(), as(site.Moderator, county), h.b.ID)); !full || len(lines) != audience.MaxWaiting {
		t.Errorf("%d lines wait, full: %v, want %d", len(lines), full, audience.MaxWaiting)
	}
	if _, err := h.desk.End(t.Context(), as(site.Editor, county), h.b.ID, 0); err != nil {
		t.Fatal(err)
	}
	_, err = h.chat.Write(t.Context(), h.b.ID, member, "好")
	want(t, "after the end", err, errs.Denied)
	off := open(t, broadcast.ChatOff)
	_, err = off.chat.Write(t.Context(), off.b.ID, member, "好")
	want(t, "where the chat is off", err, errs.Denied)
}

// Nobody sees the lines of strangers before a moderator does: they take no room from others.
func TestStrangersDoNotFillAChat(t *testing.T) {
	h := open(t, broadcast.ChatOpen)
	for n := range 100 {
		w := audience.Writer{Visitor: fmt.Sprint(n), Name: "x", From: netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(n)}), 32)}
		must[audience.Line](t)(h.chat.Write(t.Context(), h.b.ID, w, "x"))
	}
	member := audience.Writer{Visitor: "v2", Who: site.Who{Account: 99}, Name: "王芳", From: home}
	must[audience.Line](t)(h.chat.Write(t.Context(), h.b.ID, member, "好"))
	crowded := error(nil)
	for n := 0; n < 100 && crowded == nil; n++ {
		w := audience.Writer{Visitor: fmt.Sprint("m", n), Who: site.Who{Account: 99}, Name: "y", From: netip.PrefixFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(n)}), 32)}
		_, crowded = h.chat.Write(t.Context(), h.b.ID, w, "y")
	}
	want(t, "more than anybody can read", crowded, errs.TooMany)
	moderator := audience.Writer{Visitor: "v3", Who: as(site.Moderator, county).Who, Name: "版主", From: home}
	must[audience.Line](t)(h.chat.Write(t.Context(), h.b.ID, moderator, "请慢一点"))
}

func TestReactionsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, broadcast.ChatOpen)
		told := make(chan []string, 10)
		a := audience.NewApplause(h.air, func(tags ...string) { told <- tags }, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			a.Run(ctx)
		}()
		defer func() { cancel(); <-done }()
		for n := range 12 {
			err := a.React(t.Context(), h.b.ID, &signaling.Visitor{ID: "v"}, "clap")
			if n < 10 && err != nil || n >= 10 && !errors.Is(err, errs.TooMany) {
				t.Errorf("reaction %d: %v", n, err)
			}
		}
		crowded := error(nil)
		for n := 0; n < 300 && crowded == nil; n++ {
			crowded = a.React(t.Context(), h.b.ID, &signaling.Visitor{ID: fmt.Sprint("w", n), Remote: home}, "like")
		}
		want(t, "a flood from one address", crowded, errs.TooMany)
		want(t, "an unknown one", a.React(t.Context(), h.b.ID, &signaling.Visitor{ID: "w"}, "<script>"), errs.Invalid)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if len(told) != 1 {
			t.Errorf("told %d times, want once", len(told))
		}
		topic := "react:" + h.b.ID.String()
		if body, _, err := a.Value(t.Context(), topic, 0); err != nil || string(body) != `{"clap":10,"like":200}` {
			t.Errorf("got %s, %v", body, err)
		}
		if _, err := h.desk.End(t.Context(), as(site.Editor, county), h.b.ID, 0); err != nil {
			t.Fatal(err)
		}
		want(t, "after the end", a.React(t.Context(), h.b.ID, &signaling.Visitor{ID: "w"}, "clap"), errs.Denied)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if body, _, err := a.Value(t.Context(), topic, 0); err != nil || string(body) != `{}` {
			t.Errorf("after the end: got %s, %v", body, err)
		}
	})
}

func FuzzCommands(f *testing.F) {
	f.Add("chat", []byte(`{"broadcast":1,"name":"王芳","text":"好"}`))
	f.Add("judge", []byte(`{"broadcast":1,"line":1,"kind":"removed"}`))
	f.Add("react", []byte(`{"broadcast":1,"kind":"clap"}`))
	f.Add("chat", []byte(`{"broadcast":-1,"text":{}}`))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		h := open(t, broadcast.ChatOpen)
		run := audience.Commands(h.chat, audience.NewApplause(h.air, func(...string) {}, h.clock))[kind]
		if run == nil {
			return
		}
		if _, err := run(t.Context(), &signaling.Visitor{ID: "v", Remote: home}, body); err == nil && kind == "judge" {
			t.Errorf("a visitor judges: %s", body)
		}
		if lines, _ := h.told(t, "chat:1", 0); len(lines) != 0 {
			t.Errorf("a visitor's line is public: %+v", lines)
		}
	})
}

func FuzzTicket(f *testing.F) {
	f.Add("")
	f.Add("AAAAAAAAAAEAAAAAAAAAAQAAAABpIqAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, ticket string) {
		h := open(t, broadcast.ChatOff)
		if seat, err := h.list.Seat(t.Context(), ticket); err == nil {
			t.Errorf("a made-up ticket leads to %+v", seat)
		}
	})
}
