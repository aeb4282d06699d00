package ws

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling"
)

// stand is a server with a provider of numbers: topic "n:NAME" depends on the tag "t:NAME" and on "all".
type stand struct {
	*Server
	url string
	numbers
}

type numbers struct {
	mu     sync.Mutex // guards the rest
	by     map[string]int
	denied map[string]bool
	broken bool
	made   int
}

func (n *numbers) Open(_ context.Context, _ *signaling.Visitor, topic string) ([]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch name := strings.TrimPrefix(topic, "n:"); {
	case name == "nothing":
		return nil, fmt.Errorf("topic: %w", errs.NotFound)
	case n.denied[name]:
		return nil, fmt.Errorf("topic: %w", errs.Denied)
	default:
		return []string{"all", "t:" + name}, nil
	}
}

func (n *numbers) Value(_ context.Context, topic string, _ uint64) ([]byte, uint64, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.made++; n.broken {
		return nil, 0, fmt.Errorf("the database is away")
	}
	if strings.HasSuffix(topic, "panic") {
		panic("at the provider's")
	}
	b, err := json.Marshal(n.by[topic])
	return b, 0, err
}

func (n *numbers) set(topic string, v int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.by[topic] = v
}

func newStand(t testing.TB, cfg Config) *stand {
	t.Helper()
	x := &stand{Server: New(cfg), numbers: numbers{by: map[string]int{}, denied: map[string]bool{}}}
	x.Provide("n:", &x.numbers)
	x.Command("echo", func(_ context.Context, _ *signaling.Visitor, body json.RawMessage) (any, error) { return body, nil })
	h := httptest.NewServer(x.Server)
	x.url = "ws" + strings.TrimPrefix(h.URL, "http")
	t.Cleanup(func() {
		x.Server.Close()
		h.Close()
	})
	return x
}

// each calls fn with every socket.
func (x *stand) each(fn func(*socket)) {
	x.Server.mu.Lock()
	defer x.Server.mu.Unlock()
	for k := range x.sockets {
		fn(k)
	}
}

// page is a client.
type page struct {
	*websocket.Conn
	t testing.TB
}

func (x *stand) dial(t testing.TB, head http.Header) *page {
	t.Helper()
	d := websocket.Dialer{Subprotocols: []string{signaling.Protocol}, EnableCompression: true}
	c, res, err := d.Dial(x.url, head)
	if err != nil {
		t.Fatalf("%v, %v", err, res)
	}
	t.Cleanup(func() { c.Close() })
	return &page{c, t}
}

// hello dials and greets.
func (x *stand) hello(t testing.TB, token string) (*page, signaling.HelloReply) {
	t.Helper()
	p := x.dial(t, nil)
	p.say(`{"t":"hello","v":1,"token":%q}`, token)
	var h signaling.HelloReply
	p.hear(&h)
	if h.Type != signaling.Hello || h.Token == "" {
		t.Fatalf("got %+v, want hello", h)
	}
	return p, h
}

func (p *page) say(format string, a ...any) {
	p.t.Helper()
	if err := p.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, format, a...)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *page) hear(into any) {
	p.t.Helper()
	p.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, b, err := p.ReadMessage()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		p.t.Fatalf("%s: %v", b, err)
	}
}

// said is any message of the server.
type said struct {
	T, Topic, Kind, Why string
	ID, Version         uint64
	Body                json.RawMessage
	A, B, C             float64
}

func (p *page) next() said {
	p.t.Helper()
	var m said
	p.hear(&m)
	return m
}

// follow follows a topic and returns its first value.
func (p *page) follow(topic string) said {
	p.t.Helper()
	p.say(`{"t":"sub","id":1,"topic":%q}`, topic)
	if m := p.next(); m.T != signaling.Done || m.ID != 1 {
		p.t.Fatalf("got %+v, want done", m)
	}
	return p.next()
}

// closed returns how the server closed the socket.
func (p *page) closed() *websocket.CloseError {
	p.t.Helper()
	p.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		if _, _, err := p.ReadMessage(); err != nil {
			e, ok := err.(*websocket.CloseError) //nolint:errorlint // as gorilla returns it
			if !ok {
				p.t.Fatalf("got %v, want a closing frame", err)
			}
			return e
		}
	}
}

func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 10 s", what)
		}
	}
}

func visitorOf(account site.AccountID, foreign bool) *signaling.Visitor {
	return &signaling.Visitor{Account: signaling.Account{Who: site.Who{Account: account}}, Foreign: foreign}
}
