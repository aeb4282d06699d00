package ws

import (
	"bytes"
	"compress/flate"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"xianfeng/signaling"
)

func TestGarbageEndsTheSocketAndNothingElse(t *testing.T) {
	x := newStand(t, Config{})
	good, _ := x.hello(t, "")
	good.follow("n:a")
	long := strings.Repeat("x", signaling.MaxMessage)
	for name, c := range map[string]struct {
		kind int
		text string
		code int
	}{
		"not JSON":           {websocket.TextMessage, "hello?", signaling.CloseShape},
		"a list":             {websocket.TextMessage, "[]", signaling.CloseShape},
		"a number":           {websocket.TextMessage, "7", signaling.CloseShape},
		"nothing":            {websocket.TextMessage, "", signaling.CloseShape},
		"no type":            {websocket.TextMessage, `{}`, signaling.CloseShape},
		"a type of another":  {websocket.TextMessage, `{"t":7}`, signaling.CloseShape},
		"half":               {websocket.TextMessage, `{"t":"time","a":`, signaling.CloseShape},
		"not a number":       {websocket.TextMessage, `{"t":"time","a":NaN}`, signaling.CloseShape},
		"a huge number":      {websocket.TextMessage, `{"t":"time","a":1e999}`, signaling.CloseShape},
		"a negative id":      {websocket.TextMessage, `{"t":"sub","id":-1,"topic":"n:a"}`, signaling.CloseShape},
		"a huge id":          {websocket.TextMessage, `{"t":"sub","id":9007199254740993,"topic":"n:a"}`, signaling.CloseShape},
		"a topic of control": {websocket.TextMessage, `{"t":"sub","id":1,"topic":"n:\u0000"}`, signaling.CloseShape},
		"a long topic":       {websocket.TextMessage, `{"t":"sub","id":1,"topic":"n:` + strings.Repeat("a", 200) + `"}`, signaling.CloseShape},
		"deep":               {websocket.TextMessage, `{"t":"do","body":` + strings.Repeat("[", 11000), signaling.CloseShape},
		"binary":             {websocket.BinaryMessage, `{"t":"time","a":1}`, websocket.CloseUnsupportedData},
		"too long":           {websocket.TextMessage, `{"t":"do","kind":"` + long + `"}`, websocket.CloseMessageTooBig},
		"hello twice":        {websocket.TextMessage, `{"t":"hello","v":1}`, signaling.CloseNoHello},
	} {
		p, _ := x.hello(t, "")
		p.EnableWriteCompression(false)
		if err := p.WriteMessage(c.kind, []byte(c.text)); err != nil {
			t.Fatal(err)
		}
		if e := p.closed(); e.Code != c.code {
			t.Errorf("%s: got %v, want %d", name, e, c.code)
		}
	}
	x.set("n:a", 7)
	x.Touch("all")
	if m := good.next(); string(m.Body) != "7" {
		t.Errorf("the others: got %+v", m)
	}
	until(t, "all are gone", func() bool { return x.Figures().Sockets == 1 })
}

func TestCompressedBombIsNotUnpacked(t *testing.T) {
	x := newStand(t, Config{})
	p, _ := x.hello(t, "")
	p.EnableWriteCompression(true)
	p.SetCompressionLevel(flate.BestCompression)
	if err := p.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte(" "), 8<<20)); err != nil { // 8 kB on the wire
		t.Fatal(err)
	}
	if e := p.closed(); e.Code != websocket.CloseMessageTooBig {
		t.Errorf("got %v", e)
	}
}

func TestTooManyMessages(t *testing.T) {
	x := newStand(t, Config{})
	for name, send := range map[string]func(p *page) error{
		"messages": func(p *page) error { return p.WriteMessage(websocket.TextMessage, []byte(`{"t":"time","a":1}`)) },
		"pings":    func(p *page) error { return p.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)) },
		"pongs":    func(p *page) error { return p.WriteControl(websocket.PongMessage, nil, time.Now().Add(time.Second)) },
	} {
		p, _ := x.hello(t, "")
		done := make(chan struct{})
		go func() { // ends with the socket
			defer close(done)
			for range 20_000 {
				if send(p) != nil {
					return
				}
			}
		}()
		if e := p.closed(); e.Code != signaling.CloseTooMany {
			t.Errorf("%s: got %v", name, e)
		}
		p.Close()
		<-done
	}
	p, _ := x.hello(t, "")
	failed := 0
	for i := range commandBurst + 10 {
		p.say(`{"t":"do","id":%d,"kind":"echo"}`, i)
		if m := p.next(); m.Kind == signaling.KindTooMany {
			failed++
		}
	}
	if failed == 0 || failed > 10 {
		t.Errorf("%d of %d commands failed", failed, commandBurst+10)
	}
}

// The sweeper's clock is put forward.
func TestSilenceEndsSockets(t *testing.T) {
	x := newStand(t, Config{Account: func(*http.Request) signaling.Account {
		return signaling.Account{Until: time.Now().Add(time.Hour)}
	}})
	mute := x.dial(t, nil)
	p, _ := x.hello(t, "")
	pinged := make(chan struct{}, 1)
	p.SetPingHandler(func(string) error { pinged <- struct{}{}; return nil })
	gone := make(chan *websocket.CloseError, 1)
	go func() { gone <- p.closed() }() // ends with the socket
	x.sweepOnce(time.Now().Add(helloTime + time.Second))
	if e := mute.closed(); e.Code != signaling.CloseNoHello {
		t.Errorf("without hello: got %v", e)
	}
	x.sweepOnce(time.Now().Add(pingAfter + time.Second))
	<-pinged
	x.sweepOnce(time.Now().Add(silentAfter + time.Second))
	if e := <-gone; e.Code != signaling.CloseSilent {
		t.Errorf("silent: got %v", e)
	}
	q, _ := x.hello(t, "")
	x.each(func(k *socket) { k.seen.Store(time.Now().Add(2 * time.Hour).UnixMilli()) })
	x.sweepOnce(time.Now().Add(time.Hour + time.Minute))
	if e := q.closed(); e.Code != signaling.CloseAnew {
		t.Errorf("whose session is over: got %v", e)
	}
}

func TestHelloComesFirstAndInThisVersion(t *testing.T) {
	x := newStand(t, Config{})
	for text, want := range map[string]int{
		`{"t":"time","a":1}`: signaling.CloseNoHello, `{"t":"hello"}`: signaling.CloseVersion, `{"t":"hello","v":2}`: signaling.CloseVersion,
	} {
		p := x.dial(t, nil)
		p.say("%s", text)
		if e := p.closed(); e.Code != want {
			t.Errorf("%s: got %v, want %d", text, e, want)
		}
	}
}

func TestForgedExchangesChangeNothing(t *testing.T) {
	x := newStand(t, Config{})
	p, _ := x.hello(t, "")
	for _, a := range []string{"0", "-1e308", "1.7976931348623157e308", "1e-320", "253370764800000"} {
		before := float64(time.Now().UnixMicro())/1000 - 1
		p.say(`{"t":"time","a":%s}`, a)
		m := p.next()
		var want float64
		json.Unmarshal([]byte(a), &want)
		if m.A != want || m.B < before || m.C < m.B || m.C > before+20_000 {
			t.Errorf("%s: got %+v", a, m)
		}
	}
}

func TestNumberOfSocketsIsBounded(t *testing.T) {
	x := newStand(t, Config{Max: 5, MaxPerAddress: 3, Remote: func(r *http.Request) string { return r.Header.Get("From") }})
	d := websocket.Dialer{Subprotocols: []string{signaling.Protocol}}
	open := func(from string) int {
		c, res, err := d.Dial(x.url, http.Header{"From": {from}})
		if err != nil {
			if res == nil {
				t.Fatal(err)
			}
			return res.StatusCode
		}
		t.Cleanup(func() { c.Close() })
		return res.StatusCode
	}
	for i, c := range []struct {
		from string
		want int
	}{{"10.0.0.1", 101}, {"10.0.0.1", 101}, {"::ffff:10.0.0.1", 101}, {"10.0.0.1", 429}, {"2001:db8::1", 101}, {"2001:db8::2", 101}, {"10.0.0.2", 503}} {
		if got := open(c.from); got != c.want {
			t.Errorf("%d, from %s: got %d, want %d", i, c.from, got, c.want)
		}
	}
	until(t, "there is room again", func() bool {
		x.each(func(k *socket) { k.conn.NetConn().Close() }) // one whose handshake was answered may be known a moment later
		return x.Figures().Sockets == 0
	})
	if got := open("10.0.0.1"); got != 101 {
		t.Errorf("after they left: got %d", got)
	}
	x.Server.mu.Lock()
	defer x.Server.mu.Unlock()
	if len(x.Server.addresses) != 1 {
		t.Errorf("addresses that left are kept: %v", x.Server.addresses)
	}
}

func TestHandshakesThatAreNone(t *testing.T) {
	x := newStand(t, Config{})
	at := "http" + strings.TrimPrefix(x.url, "ws")
	res, err := http.Get(at) //nolint:noctx // on this machine
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if res.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("no upgrade: got %d", res.StatusCode)
	}
	for _, protocols := range [][]string{nil, {"xianfeng.2"}, {"mqtt"}} {
		if _, res, err := (&websocket.Dialer{Subprotocols: protocols}).Dial(x.url, nil); err == nil || res.StatusCode != http.StatusBadRequest {
			t.Errorf("%v: got %v", protocols, res)
		}
	}
	x.Server.mu.Lock()
	defer x.Server.mu.Unlock()
	if n := x.Server.total; n != 0 {
		t.Errorf("%d sockets are counted", n)
	}
}

// Who does not read is sent the newest value when they read again, not all that came between.
func TestSlowReaderSkips(t *testing.T) {
	x := newStand(t, Config{})
	x.writeTime = time.Minute
	big := &bigs{}
	x.Provide("big:", big)
	slow, _ := x.hello(t, "")
	slow.say(`{"t":"sub","id":1,"topic":"big:a"}`)
	quick, _ := x.hello(t, "")
	quick.follow("n:a")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	const rounds = 400 // of 64 KiB: more than all buffers on the way hold
	for i := range rounds {
		made := x.Figures().Values
		x.Touch("big")
		until(t, "the value is made", func() bool { return x.Figures().Values > made })
		if i%100 == 0 {
			x.set("n:a", i+1)
			x.Touch("t:a")
			if m := quick.next(); string(m.Body) != fmt.Sprint(i+1) {
				t.Errorf("the others: got %s", m.Body)
			}
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("a slow reader costs %d KiB", grown>>10)
	}
	n := 0
	for {
		m := slow.next()
		if m.T != signaling.Topic {
			continue
		}
		n++
		if m.Version == big.version() {
			break
		}
	}
	if n >= rounds {
		t.Errorf("got all %d values", n)
	}
	t.Logf("%d of %d values", n, rounds)
}

// A socket that never reads is cut, and its worker is free again.
func TestDeafSocketIsCut(t *testing.T) {
	x := newStand(t, Config{})
	x.writeTime = 200 * time.Millisecond
	x.Provide("big:", &bigs{})
	for range 20 {
		p, _ := x.hello(t, "")
		p.NetConn().(*net.TCPConn).SetReadBuffer(4 << 10) //nolint:forcetypeassert // dialled so
		p.say(`{"t":"sub","id":1,"topic":"big:a"}`)
	}
	until(t, "all are cut", func() bool {
		x.each(func(k *socket) {
			k.conn.NetConn().(*net.TCPConn).SetWriteBuffer(4 << 10) //nolint:forcetypeassert // accepted so
		})
		x.Touch("big")
		return x.Figures().Slow >= 20
	})
	p, _ := x.hello(t, "")
	p.follow("n:a")
}

// bigs are values of 64 KiB that can't be compressed.
type bigs struct {
	numbers
	n uint64
}

func (b *bigs) version() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.n
}

func (b *bigs) Open(ctxt, *signaling.Visitor, string) ([]string, error) { return []string{"big"}, nil }

func (b *bigs) Value(ctxt, string, uint64) ([]byte, uint64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n++
	noise := make([]byte, 48<<10)
	rand.Read(noise)
	body, err := json.Marshal(noise)
	return body, b.n, err
}

// A connection that is reset in the middle of a message leaves nothing behind.
func TestHalfMessages(t *testing.T) {
	x := newStand(t, Config{})
	for range 20 {
		p, _ := x.hello(t, "")
		w, err := p.NextWriter(websocket.TextMessage)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, `{"t":"do","id":1,"kind":"echo","body":"`)
		p.NetConn().Close()
	}
	until(t, "they are gone", func() bool { return x.Figures().Sockets == 0 })
}
