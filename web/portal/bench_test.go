package portal

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
)

// BenchmarkCachedPage asks for a village's front page over a connection: from a bare handler that writes the same
// bytes and header lines, and from the portal's routes and cache. Their quotient is what bench/README.md names.
func BenchmarkCachedPage(b *testing.B) {
	s := newStand(b)
	const address = "/v/990101001001/"
	rec := httptest.NewRecorder()
	q := httptest.NewRequest(http.MethodGet, address, nil)
	q.Header.Set("Accept-Encoding", "gzip")
	s.http.ServeHTTP(rec, q)
	body, head := rec.Body.Bytes(), rec.Result().Header
	bare := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		for name, values := range head {
			h[name] = values
		}
		w.Write(body) //nolint:errcheck // it is measured
	})
	b.Run("bare", func(b *testing.B) { askAgain(b, bare, address) })
	b.Run("portal", func(b *testing.B) { askAgain(b, s.http, address) })
}

// askAgain asks one handler over one connection, with a client that costs next to nothing.
func askAgain(b *testing.B, h http.Handler, address string) {
	b.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // it was only read
	request := []byte("GET " + address + " HTTP/1.1\r\nHost: net.example\r\nAccept: text/html\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: zh-CN,zh;q=0.9,en;q=0.8\r\nUser-Agent: bench\r\n\r\n")
	in := bufio.NewReaderSize(c, 64<<10)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(request); err != nil {
			b.Fatal(err)
		}
		length := 0
		for {
			line, err := in.ReadSlice('\n')
			if err != nil {
				b.Fatal(err)
			}
			if len(line) <= 2 {
				break
			}
			if len(line) > 16 && string(line[:16]) == "Content-Length: " {
				if length, err = strconv.Atoi(string(line[16 : len(line)-2])); err != nil {
					b.Fatal(err)
				}
			}
		}
		if length == 0 {
			b.Fatal("the answer has no length")
		}
		if _, err := io.CopyN(io.Discard, in, int64(length)); err != nil {
			b.Fatal(err)
		}
	}
}
