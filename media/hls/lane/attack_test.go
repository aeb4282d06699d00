package lane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"xianfeng/media/hls"
)

// everything sends text, closes its side, and reads all answers. cut: there may have been more, which a reset of the
// connection destroyed; a server that closes before it has read all causes one, by luck.
func everything(t *testing.T, address, text string, piece int) (all []answer, cut bool) {
	t.Helper()
	c := dial(t, address)
	for len(text) > 0 {
		n := min(piece, len(text))
		if _, err := io.WriteString(c, text[:n]); err != nil {
			cut = true // the server has seen enough
			break
		}
		text = text[n:]
	}
	c.Conn.(*net.TCPConn).CloseWrite() //nolint:errcheck,forcetypeassert // dial made it
	for {
		a, err := c.next("GET")
		if err != nil {
			return all, cut || errors.Is(err, syscall.ECONNRESET)
		}
		a.header.Del("Date")
		all = append(all, a)
	}
}

// Whatever is sent, the lane finds the same requests in it as net/http does alone.
func TestSmuggling(t *testing.T) {
	x := newStand(t, options{})
	part := x.find(t, partOf)
	inner := get(part, "")
	line := "GET /live/cam/" + part + " HTTP/1.1\r\n"
	for name, text := range map[string]string{
		"in a body":             fmt.Sprintf("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(inner), inner) + inner,
		"in a body of a GET":    fmt.Sprintf("%sHost: a\r\nContent-Length: %d\r\n\r\n%s", line, len(inner), inner) + inner,
		"in a page's body":      fmt.Sprintf("GET /page HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", len(inner), inner),
		"in chunks":             fmt.Sprintf("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(inner), inner) + inner,
		"length and chunks":     "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
		"chunks on a GET":       line + "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
		"chunks, strangely":     line + "Host: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + inner,
		"two lengths":           line + "Host: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello" + inner,
		"length, space":         line + "Host: a\r\nContent-Length : 5\r\n\r\nhello" + inner,
		"length, folded":        line + "Host: a\r\nContent-Length:\r\n 5\r\n\r\nhello" + inner,
		"length with a plus":    line + "Host: a\r\nContent-Length: +5\r\n\r\nhello" + inner,
		"folded":                line + "Host: a\r\nX: 1\r\n\tY: 2\r\n\r\n" + inner,
		"bare LF":               strings.ReplaceAll(inner, "\r\n", "\n") + inner,
		"bare LF, hidden end":   "GET /page HTTP/1.1\nHost: a\n\n" + inner,
		"bare LF in a line":     line + "Host: a\nX: y\r\n\r\n" + inner,
		"bare CR":               line + "Host: a\rX: y\r\n\r\n" + inner,
		"two hosts":             line + "Host: a\r\nHost: b\r\n\r\n" + inner,
		"no host":               line + "\r\n" + inner,
		"empty host":            line + "Host:\r\n\r\n" + inner,
		"host with a space":     line + "Host: a b\r\n\r\n" + inner,
		"absolute":              "GET http://other/live/cam/" + part + " HTTP/1.1\r\nHost: a\r\n\r\n" + inner,
		"two spaces":            "GET  /live/cam/" + part + " HTTP/1.1\r\nHost: a\r\n\r\n" + inner,
		"tab":                   "GET\t/live/cam/" + part + " HTTP/1.1\r\nHost: a\r\n\r\n" + inner,
		"HTTP/1.0":              "GET /live/cam/" + part + " HTTP/1.0\r\nHost: a\r\n\r\n" + inner,
		"HTTP/1.0, keep alive":  "GET /live/cam/" + part + " HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n" + inner,
		"HTTP/0.9":              "GET /live/cam/" + part + "\r\n\r\n" + inner,
		"NUL":                   line + "Host: a\r\nX: \x00\r\n\r\n" + inner,
		"no name":               line + "Host: a\r\n: x\r\n\r\n" + inner,
		"no colon":              line + "Host: a\r\nx\r\n\r\n" + inner,
		"expect":                line + "Host: a\r\nExpect: 100-continue\r\n\r\n" + inner,
		"upgrade":               line + "Host: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + inner,
		"close, and more":       line + "Host: a\r\nConnection: close\r\n\r\n" + inner,
		"empty lines in front":  "\r\n\r\n" + inner,
		"empty lines between":   inner + "\r\n" + inner,
		"pipeline":              inner + inner + "GET /page HTTP/1.1\r\nHost: a\r\n\r\n" + inner + get("x.mp4", "") + inner,
		"a byte of a pipeline":  "GET /page HTTP/1.1\r\nHost: a\r\n\r\nG" + inner,
		"half":                  inner[:len(inner)-2],
		"half of the second":    inner + inner[:len(inner)/2],
		"long head":             get(part, "X: "+strings.Repeat("x", 7<<10)+"\r\n") + inner,
		"head longer than ours": get(part, "X: "+strings.Repeat("x", 20<<10)+"\r\n") + inner,
		"pipeline beyond room":  "GET /page HTTP/1.1\r\nHost: a\r\n\r\n" + strings.Repeat(inner, 200),
		"binary":                "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"nothing":               "",
	} {
		for _, piece := range []int{1 << 20, 700, 1} {
			if piece == 1 && len(text) > 1000 {
				continue
			}
			ours, cut := everything(t, x.lane, text, piece)
			theirs, cut2 := everything(t, x.plain, text, piece)
			if len(ours) != len(theirs) && !cut && !cut2 {
				t.Errorf("%s, in pieces of %d: got %d answers, net/http %d", name, piece, len(ours), len(theirs))
				continue
			}
			for i := range min(len(ours), len(theirs)) {
				if ours[i].status != theirs[i].status || ours[i].body != theirs[i].body {
					t.Errorf("%s, in pieces of %d: answer %d: got %d with %d bytes, net/http %d with %d", name, piece, i, ours[i].status, len(ours[i].body), theirs[i].status, len(theirs[i].body))
				}
			}
		}
	}
}

func TestHalfRequestsEnd(t *testing.T) {
	x := newStand(t, options{change: func(srv *http.Server, s *shared) {
		srv.ReadHeaderTimeout, s.headTime, s.idleTime = 50*time.Millisecond, 50*time.Millisecond, 100*time.Millisecond
	}})
	part := x.find(t, partOf)
	for name, first := range map[string]bool{"at once": false, "after an answer": true} {
		for what, text := range map[string]string{"half": "GET /live/cam/media.m3u8 HTTP/1.1\r\nHost", "nothing": ""} {
			c := dial(t, x.lane)
			if first {
				c.ask(t, part, "")
				c.ask(t, part, "")
			}
			c.send(t, text)
			if b, err := io.ReadAll(c.r); err != nil || len(b) > 0 {
				t.Errorf("%s, %s: got %q, %v", what, name, b, err)
			}
		}
	}
}

// A client that does not read holds nothing but a reference, and not for ever.
func TestSlowReaders(t *testing.T) {
	const writeTime = 2 * time.Second
	x := newStand(t, options{size: 400 << 10, change: func(srv *http.Server, s *shared) { srv.WriteTimeout, s.writeTime = writeTime, writeTime }})
	seg := x.find(t, segOf)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var clients []*client
	for range 20 {
		c := dial(t, x.lane)
		c.ask(t, x.find(t, initOf), "") // so that the lane has the socket
		c.send(t, get(seg, ""))
		clients = append(clients, c)
	}
	if b := dial(t, x.lane).ask(t, seg, ""); len(b.body) < 9<<20 {
		t.Errorf("a client that reads: got %d bytes", len(b.body))
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 100<<20 {
		t.Errorf("20 slow clients of 10 MB: %d MB more", grown>>20)
	}
	time.Sleep(2 * writeTime)
	for _, c := range clients {
		n, err := io.Copy(io.Discard, c.r)
		if err == nil && n > 9<<20 || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("a client that does not read got %d bytes, %v", n, err)
		}
	}
	// One that reads slowly but does read gets it all.
	c := dial(t, x.lane)
	c.ask(t, x.find(t, initOf), "")
	if b := c.ask(t, seg, ""); len(b.body) < 9<<20 {
		t.Errorf("got %d bytes", len(b.body))
	}
}

func TestBlockedRequests(t *testing.T) {
	const many = 500 // test/e2e has ten thousand, of another process; here all have to come before the first is let go
	x := newStand(t, options{hls: hls.Config{MaxWaiting: many}})
	next := x.edge(t)
	query := "media.m3u8?" + x.nextQuery(t)
	request := get(query, "")
	clients := make([]*client, many)
	for i := range clients {
		clients[i] = dial(t, x.lane)
		clients[i].send(t, request)
	}
	waiting := func() int { n, _ := x.hls.Waiting(); return n }
	until(t, "all wait", func() bool { return waiting() == many })

	if a := dial(t, x.lane).ask(t, query, ""); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("one more: got %d %v", a.status, a.header)
	}
	if _, refused := x.hls.Waiting(); refused == 0 {
		t.Error("refusals are not counted")
	}
	// Nobody else notices.
	if a := dial(t, x.lane).ask(t, x.find(t, partOf), ""); a.status != 200 {
		t.Errorf("a part: got %d", a.status)
	}
	// The part does not come: all are answered with what there is.
	answers(t, clients, func(a answer) bool {
		return strings.Contains(a.body, next) && a.header.Get("Cache-Control") == "no-cache"
	})
	if n := waiting(); n != 0 {
		t.Errorf("%d still wait", n)
	}
	// It comes: all are answered with it.
	for _, c := range clients {
		c.send(t, request)
	}
	until(t, "all wait again", func() bool { return waiting() == many })
	x.play(t, 400*time.Millisecond)
	answers(t, clients, func(a answer) bool { return !strings.Contains(a.body, `HINT:TYPE=PART,URI="`+next) })
}

func answers(t *testing.T, clients []*client, good func(answer) bool) {
	t.Helper()
	var wg sync.WaitGroup
	for i, c := range clients {
		wg.Go(func() { // ends with the answer
			if a, err := c.next("GET"); err != nil || a.status != 200 || !good(a) {
				t.Errorf("client %d: got %d %v, %v", i, a.status, a.header, err)
			}
		})
	}
	wg.Wait()
}

// nextQuery asks for the part that comes next.
func (x *stand) nextQuery(t testing.TB) string {
	t.Helper()
	body := dial(t, x.plain).ask(t, "media.m3u8", "").body
	all := segOf.FindAllStringSubmatchIndex(body, -1)
	last := all[len(all)-1]
	var seq int
	if _, err := fmt.Sscan(seqOf.FindStringSubmatch(body[last[2]:last[3]])[1], &seq); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("_HLS_msn=%d&_HLS_part=%d", seq+1, strings.Count(body[last[1]:], "#EXT-X-PART:"))
}

func TestClientsLeaveWhileTheyWait(t *testing.T) {
	x := newStand(t, options{})
	for _, what := range []func() string{func() string { return "media.m3u8?" + x.nextQuery(t) }, func() string { return x.edge(t) }} {
		for _, warm := range []bool{false, true} {
			file, c := what(), dial(t, x.lane)
			if warm {
				c.ask(t, "media.m3u8", "")
			}
			c.send(t, get(file, ""))
			until(t, "the request waits", func() bool { n, _ := x.hls.Waiting(); return n == 1 })
			c.Close() //nolint:errcheck // that is the point
			x.play(t, 400*time.Millisecond)
			until(t, "the wait ends", func() bool { n, _ := x.hls.Waiting(); return n == 0 })
		}
	}
}

func TestStopWithOpenConnections(t *testing.T) {
	x := newStand(t, options{})
	part := x.find(t, partOf)
	idle, waits, half := dial(t, x.lane), dial(t, x.lane), dial(t, x.lane)
	for _, c := range []*client{idle, waits, half} {
		c.ask(t, part, "")
	}
	waits.send(t, get(x.edge(t), ""))
	half.send(t, "GET /live/cam")
	until(t, "the request waits", func() bool { n, _ := x.hls.Waiting(); return n == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	x.srv.Shutdown(ctx) //nolint:errcheck // some are not idle
	x.srv.Close()       //nolint:errcheck // the connections tell
	for i, c := range []*client{idle, waits, half} {
		if _, err := c.r.ReadByte(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("connection %d: got %v, want its end", i, err)
		}
	}
	until(t, "nobody waits", func() bool { n, _ := x.hls.Waiting(); return n == 0 })
}
