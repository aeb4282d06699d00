package ws

import (
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"xianfeng/signaling"
	"xianfeng/signaling/clock"
)

func TestTopicBringsTheNewestValue(t *testing.T) {
	x := newStand(t, Config{})
	p, _ := x.hello(t, "")
	x.set("n:a", 1)
	if m := p.follow("n:a"); m.T != signaling.Topic || string(m.Body) != "1" || m.Version == 0 {
		t.Fatalf("got %+v, want 1", m)
	}
	x.set("n:a", 2)
	x.Touch("t:b", "t:a")
	if m := p.next(); m.Topic != "n:a" || string(m.Body) != "2" {
		t.Errorf("got %+v, want 2", m)
	}
	if n := x.Count("n:a"); n != 1 {
		t.Errorf("count: got %d, want 1", n)
	}
	p.say(`{"t":"unsub","topic":"n:a"}`)
	until(t, "nobody follows", func() bool { return x.Count("n:a") == 0 && x.Figures().Topics == 0 })
}

func TestTimeIsAnswered(t *testing.T) {
	x := newStand(t, Config{})
	p, h := x.hello(t, "")
	before := clock.Stamp(time.Now())
	p.say(`{"t":"time","a":12345.678}`)
	m := p.next()
	after := clock.Stamp(time.Now())
	if m.T != signaling.Time || m.A != 12345.678 || m.B < before-1 || m.C < m.B || m.C > after+1 || math.Abs(h.Now-before) > 10_000 {
		t.Errorf("got %+v between %f and %f", m, before, after)
	}
}

func TestCommands(t *testing.T) {
	x := newStand(t, Config{})
	p, _ := x.hello(t, "")
	p.say(`{"t":"do","id":7,"kind":"echo","body":{"x":[1]}}`)
	if m := p.next(); m.T != signaling.Done || m.ID != 7 || string(m.Body) != `{"x":[1]}` {
		t.Errorf("got %+v", m)
	}
	p.say(`{"t":"do","id":8,"kind":"nothing"}`)
	if m := p.next(); m.T != signaling.Fail || m.ID != 8 || m.Kind != signaling.KindInvalid {
		t.Errorf("got %+v", m)
	}
	f := x.dial(t, http.Header{"Origin": {"https://elsewhere.example"}})
	f.say(`{"t":"hello","v":1}`)
	f.next()
	f.say(`{"t":"do","id":9,"kind":"echo"}`)
	if m := f.next(); m.Kind != signaling.KindDenied {
		t.Errorf("of another origin: got %+v", m)
	}
}

func TestResume(t *testing.T) {
	x := newStand(t, Config{})
	p, h := x.hello(t, "")
	first := p.follow("n:a")
	q, again := x.hello(t, h.Token) // while the other is still there
	if again.Token != h.Token {
		t.Errorf("got another token")
	}
	if e := p.closed(); e.Code != signaling.CloseReplaced {
		t.Errorf("the socket before: got %v", e)
	}
	q.say(`{"t":"sub","id":1,"topic":"n:a","since":%d}`, first.Version)
	q.next()
	x.set("n:a", 5)
	x.Touch("all")
	if m := q.next(); string(m.Body) != "5" {
		t.Errorf("got %+v, want only what is new", m)
	}
	q.Close()
	until(t, "it is lost", func() bool { return x.Figures().Sockets == 0 })
	r, third := x.hello(t, h.Token)
	if third.Token != h.Token {
		t.Errorf("resumed with %q, got %q", h.Token, third.Token)
	}
	r.Close()
}

func TestCloseTellsThatItGoesAway(t *testing.T) {
	x := newStand(t, Config{})
	p, _ := x.hello(t, "")
	done := make(chan struct{})
	go func() { // ends with Close
		x.Server.Close()
		close(done)
	}()
	if e := p.closed(); e.Code != websocket.CloseGoingAway {
		t.Errorf("got %v, want going away", e)
	}
	<-done
}
