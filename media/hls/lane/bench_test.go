package lane

import (
	"io"
	"net"
	"testing"
)

// exchange sends a request and reads an answer of a length that is known, without allocating.
type exchange struct {
	net.Conn
	request, buf []byte
}

func newExchange(t testing.TB, address, request string) *exchange {
	t.Helper()
	c := dial(t, address)
	x := &exchange{Conn: c.Conn, request: []byte(request)}
	c.send(t, request)
	a := c.answer(t, "GET")
	if a.status != 200 {
		t.Fatalf("got %d", a.status)
	}
	size := len(a.body)
	// The length of the head is that of the same answer again, without its body.
	c.send(t, request)
	n := 0
	for line := ""; line != "\r\n"; n += len(line) {
		var err error
		if line, err = c.r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.r.Discard(size); err != nil {
		t.Fatal(err)
	}
	x.buf = make([]byte, n+size)
	return x
}

func (x *exchange) run(t testing.TB) {
	if _, err := x.Write(x.request); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(x, x.buf); err != nil {
		t.Fatal(err)
	}
}

func benchmark(b *testing.B, what func(*stand) (address, target string)) {
	x := newStand(b, options{size: 10000})
	address, target := what(x)
	e := newExchange(b, address, get(target, "Accept-Encoding: gzip\r\n"))
	b.SetBytes(int64(len(e.buf)))
	b.ReportAllocs()
	for b.Loop() {
		e.run(b)
	}
}

// One part of 50 kB over loopback, with the client's share.
func BenchmarkPart(b *testing.B) {
	benchmark(b, func(x *stand) (string, string) { return x.lane, x.find(b, partOf) })
}

func BenchmarkPartNetHTTP(b *testing.B) {
	benchmark(b, func(x *stand) (string, string) { return x.plain, x.find(b, partOf) })
}

func BenchmarkPlaylist(b *testing.B) {
	benchmark(b, func(x *stand) (string, string) { return x.lane, "media.m3u8" })
}

func BenchmarkPlaylistNetHTTP(b *testing.B) {
	benchmark(b, func(x *stand) (string, string) { return x.plain, "media.m3u8" })
}

// From the first byte of a request to the last of its answer: the head as a string, and for who has no cookie
// the key under which they are counted.
func TestAnswersHardlyAllocate(t *testing.T) {
	x := newStand(t, options{})
	for _, target := range []string{"media.m3u8", x.find(t, partOf)} {
		e := newExchange(t, x.lane, get(target, ""))
		for range 10 {
			e.run(t)
		}
		if n := testing.AllocsPerRun(200, func() { e.run(t) }); n > 2 {
			t.Errorf("%s: got %v allocations, want at most 2", target, n)
		}
	}
}

// A page, which is net/http's, asked for as a browser does: what the lane before it costs.
func benchmarkPage(b *testing.B, where func(*stand) string) {
	x := newStand(b, options{})
	e := newExchange(b, where(x), "GET /page HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/140\r\n"+
		"Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: zh-CN,zh;q=0.9\r\nCookie: lang=zh; look=plain\r\n\r\n")
	b.ReportAllocs()
	for b.Loop() {
		e.run(b)
	}
}

func BenchmarkPage(b *testing.B) { benchmarkPage(b, func(x *stand) string { return x.lane }) }

func BenchmarkPageNetHTTP(b *testing.B) { benchmarkPage(b, func(x *stand) string { return x.plain }) }
