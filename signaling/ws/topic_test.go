package ws

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/signaling"
)

type ctxt = context.Context

// Everybody gets a value that was made once.
func TestTwoThousandSocketsOnOneTouch(t *testing.T) {
	const many = 2000
	x := newStand(t, Config{Max: many, MaxPerAddress: many})
	pages := make([]*page, many)
	var wg sync.WaitGroup
	for i := range pages {
		wg.Go(func() { // ends with the first value
			pages[i], _ = x.hello(t, "")
			pages[i].follow("n:a")
		})
		if i%50 == 49 {
			wg.Wait()
		}
	}
	wg.Wait()
	if n := x.Count("n:a"); n != many {
		t.Fatalf("%d follow, want %d", n, many)
	}
	x.numbers.mu.Lock()
	x.numbers.made = 0
	x.numbers.mu.Unlock()
	x.set("n:a", 1)
	began := time.Now()
	x.Touch("t:a")
	for _, p := range pages {
		wg.Go(func() { // ends with the value
			if m := p.next(); string(m.Body) != "1" {
				t.Errorf("got %+v", m)
			}
		})
	}
	wg.Wait()
	t.Logf("all have it after %v", time.Since(began))
	if made := x.numbers.made; made != 1 {
		t.Errorf("the value was made %d times", made)
	}
}

func TestSameValueIsNotSentAgain(t *testing.T) {
	x := newStand(t, Config{})
	p, _ := x.hello(t, "")
	p.follow("n:a")
	for range 5 {
		made := x.Figures().Values
		x.Touch("all")
		until(t, "it is made", func() bool { return x.Figures().Values > made })
	}
	x.set("n:a", 1)
	x.Touch("all")
	if m := p.next(); string(m.Body) != "1" || x.Figures().Sent != 2 {
		t.Errorf("got %+v after %d values", m, x.Figures().Sent)
	}
}

func TestTopicsThatCannotBeHad(t *testing.T) {
	x := newStand(t, Config{})
	x.denied["secret"] = true
	p, _ := x.hello(t, "")
	for topic, want := range map[string]string{
		"n:nothing": signaling.KindNotFound, "n:secret": signaling.KindDenied, "x:a": signaling.KindNotFound, "a": signaling.KindInvalid, "": signaling.KindInvalid,
	} {
		p.say(`{"t":"sub","id":5,"topic":%q}`, topic)
		if m := p.next(); m.T != signaling.Fail || m.ID != 5 || m.Kind != want {
			t.Errorf("%q: got %+v, want %s", topic, m, want)
		}
	}
	for i := range maxTopics + 1 {
		p.say(`{"t":"sub","id":%d,"topic":"n:%d"}`, i+10, i)
		for m := p.next(); m.T != signaling.Done; m = p.next() {
			if m.T == signaling.Fail {
				if i != maxTopics || m.Kind != signaling.KindFull {
					t.Errorf("topic %d: got %+v", i, m)
				}
				break
			}
		}
	}
}

func TestTopicThatGoes(t *testing.T) {
	x := newStand(t, Config{})
	p, _ := x.hello(t, "")
	q, _ := x.hello(t, "")
	p.follow("n:a")
	q.follow("n:a")
	x.numbers.mu.Lock()
	x.denied["a"] = true
	x.numbers.mu.Unlock()
	x.Touch("t:a")
	for _, y := range []*page{p, q} {
		if m := y.next(); m.T != signaling.Gone || m.Topic != "n:a" || m.Why != signaling.KindDenied {
			t.Errorf("got %+v, want gone", m)
		}
	}
	if x.Count("n:a") != 0 || x.Figures().Topics != 0 {
		t.Error("the topic is still there")
	}
	x.numbers.mu.Lock()
	x.denied["a"] = false
	x.numbers.mu.Unlock()
	if m := p.follow("n:a"); m.T != signaling.Topic {
		t.Errorf("again: got %+v", m)
	}
}

func TestValueThatCouldNotBeMadeIsMadeLater(t *testing.T) {
	x := newStand(t, Config{})
	p, _ := x.hello(t, "")
	p.follow("n:a")
	x.numbers.mu.Lock()
	x.broken = true
	x.numbers.mu.Unlock()
	x.set("n:a", 3)
	x.Touch("t:a")
	until(t, "it failed", func() bool {
		x.Server.mu.Lock()
		defer x.Server.mu.Unlock()
		return !x.Server.topics["n:a"].failed.IsZero()
	})
	x.numbers.mu.Lock()
	x.broken = false
	x.numbers.mu.Unlock()
	x.sweepOnce(time.Now().Add(retryEvery))
	if m := p.next(); string(m.Body) != "3" {
		t.Errorf("got %+v", m)
	}
}

func TestPanicsStayWhereTheyAre(t *testing.T) {
	x := newStand(t, Config{})
	x.Command("panic", func(ctxt, *signaling.Visitor, json.RawMessage) (any, error) { panic("at the command's") })
	p, _ := x.hello(t, "")
	p.say(`{"t":"do","id":1,"kind":"panic"}`)
	if m := p.next(); m.Kind != signaling.KindServer || strings.Contains(m.Why, "panic") {
		t.Errorf("got %+v", m)
	}
	p.say(`{"t":"sub","id":2,"topic":"n:panic"}`)
	p.next()
	p.follow("n:a")
}

// lines are a chat: a topic that appends.
type lines struct {
	mu   sync.Mutex // guards all
	all  []string
	made int
}

func (l *lines) Appends(string) bool { return true }

func (l *lines) Open(ctxt, *signaling.Visitor, string) ([]string, error) {
	return []string{"lines"}, nil
}

func (l *lines) Value(_ ctxt, _ string, since uint64) ([]byte, uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.made++
	if since > uint64(len(l.all)) {
		return nil, 0, errs.Invalid
	}
	b, err := json.Marshal(l.all[since:])
	return b, uint64(len(l.all)), err
}

func (l *lines) add(text ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, text...)
}

func TestLinesComeOnceAndInOrder(t *testing.T) {
	x := newStand(t, Config{})
	chat := &lines{all: []string{"a", "b"}}
	x.Provide("chat:", chat)
	var pages []*page
	for range 5 {
		p, _ := x.hello(t, "")
		if m := p.follow("chat:1"); string(m.Body) != `["a","b"]` || m.Version != 2 {
			t.Fatalf("got %+v", m)
		}
		pages = append(pages, p)
	}
	late, _ := x.hello(t, "")
	late.say(`{"t":"sub","id":1,"topic":"chat:1","since":1}`)
	late.next()
	if m := late.next(); string(m.Body) != `["b"]` {
		t.Errorf("who has the first: got %+v", m)
	}
	got := make([]string, len(pages))
	for i := range 20 {
		chat.add(fmt.Sprint(i))
		x.Touch("lines")
	}
	for i, p := range pages {
		for version := uint64(0); version < 22; {
			m := p.next()
			var some []string
			json.Unmarshal(m.Body, &some)
			got[i] += strings.Join(some, ",") + ","
			version = m.Version
		}
		if want := "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,"; got[i] != want {
			t.Errorf("got %s, want %s", got[i], want)
		}
	}
}

func TestTheFirstLineComes(t *testing.T) {
	x := newStand(t, Config{})
	chat := &lines{all: []string{}}
	x.Provide("chat:", chat)
	p, _ := x.hello(t, "")
	if m := p.follow("chat:1"); string(m.Body) != `[]` || m.Version != 0 {
		t.Fatalf("got %+v", m)
	}
	chat.add("a")
	x.Touch("lines")
	if m := p.next(); string(m.Body) != `["a"]` || m.Version != 1 {
		t.Errorf("got %+v", m)
	}
}

func TestLongValuesAreCompressed(t *testing.T) {
	x := newStand(t, Config{})
	chat := &lines{all: []string{strings.Repeat("远程教育 ", 2000)}}
	x.Provide("chat:", chat)
	p, _ := x.hello(t, "")
	if m := p.follow("chat:1"); len(m.Body) < 20_000 {
		t.Errorf("got %d bytes", len(m.Body))
	}
}
