package lane

import (
	"bytes"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"xianfeng/media/hls"
)

// quick is a viewer that costs as little as possible, so that many of them measure the server.
type quick struct {
	net.Conn
	buf []byte
}

// take sends a request and returns the body of the answer, valid until the next call, and when its first byte came.
func (q *quick) take(request []byte) (body []byte, at time.Time, err error) {
	if _, err := q.Write(request); err != nil {
		return nil, at, err
	}
	n := 0
	for {
		k, err := q.Read(q.buf[n:])
		if err != nil {
			return nil, at, err
		}
		if n == 0 {
			at = time.Now()
		}
		n += k
		i := bytes.Index(q.buf[:n], []byte("\r\n\r\n"))
		if i < 0 {
			continue
		}
		_, rest, ok := bytes.Cut(q.buf[:i+2], []byte("Content-Length: "))
		size, _, _ := bytes.Cut(rest, []byte("\r\n"))
		want, err := strconv.Atoi(string(size))
		if !ok || err != nil || !bytes.HasPrefix(q.buf, []byte("HTTP/1.1 200")) {
			return nil, at, io.ErrUnexpectedEOF
		}
		if _, err := io.ReadFull(q, q.buf[n:i+4+want]); err != nil {
			return nil, at, err
		}
		return q.buf[i+4 : i+4+want], at, nil
	}
}

// crowdOf lets n viewers wait for the next part of a 300 kbit/s stream, again and again, and returns how long
// after it existed each had its playlist, and the part.
func crowdOf(t testing.TB, x *stand, n, rounds int) (playlists, parts []time.Duration) {
	viewers := make([]*quick, n)
	for i := range viewers {
		viewers[i] = &quick{dial(t, x.lane).Conn, make([]byte, 32<<10)}
		viewers[i].SetDeadline(time.Now().Add(10 * time.Minute)) //nolint:errcheck // a bound for a failing test
	}
	began, at := time.Now(), x.pictures
	for range rounds {
		// The stream has to keep up with the clock, or the publisher takes it for one that jumped.
		for time.Duration(x.pictures-at)*40*time.Millisecond < time.Since(began)-time.Second {
			x.play(t, 200*time.Millisecond)
		}
		hint := x.edge(t)
		reload, part := []byte(get("media.m3u8?"+x.nextQuery(t), "")), []byte(get(hint, ""))
		var wg sync.WaitGroup
		var mu sync.Mutex // guards t0, playlists, parts
		var t0 time.Time
		for i, v := range viewers {
			wg.Go(func() { // ends with the part
				list, first, err := v.take(reload)
				if err != nil || !bytes.Contains(list, []byte(`#EXT-X-PART:DURATION=0.20000,URI="`+hint)) {
					t.Errorf("viewer %d: got a playlist of %d bytes without %s, %v", i, len(list), hint, err)
					return
				}
				_, _, err = v.take(part)
				if err != nil {
					t.Errorf("viewer %d: %s: %v", i, hint, err)
				}
				now := time.Now()
				mu.Lock()
				defer mu.Unlock()
				playlists, parts = append(playlists, first.Sub(t0)), append(parts, now.Sub(t0))
			})
		}
		until(t, "all wait", func() bool { k, _ := x.hls.Waiting(); return k == n || t.Failed() })
		mu.Lock()
		t0 = time.Now()
		mu.Unlock()
		x.play(t, 200*time.Millisecond)
		wg.Wait()
	}
	slices.Sort(playlists)
	slices.Sort(parts)
	return playlists, parts
}

func TestAThousandViewersMissNothing(t *testing.T) {
	const viewers, rounds = 1000, 5
	x := newStand(t, options{size: 1500, hls: hls.Config{MaxWaiting: viewers}})
	playlists, _ := crowdOf(t, x, viewers, rounds)
	if len(playlists) != viewers*rounds {
		t.Errorf("got %d answers, want %d", len(playlists), viewers*rounds)
	}
}

// BenchmarkThousandViewers is one part for each of a thousand viewers, who share the processors with the server.
func BenchmarkThousandViewers(b *testing.B) {
	x := newStand(b, options{size: 1500})
	playlists, parts := crowdOf(b, x, 1000, max(b.N, 2))
	report := func(what string, v []time.Duration) {
		b.ReportMetric(float64(v[len(v)/2].Microseconds())/1000, what+"-p50-ms")
		b.ReportMetric(float64(v[len(v)*99/100].Microseconds())/1000, what+"-p99-ms")
	}
	report("playlist", playlists)
	report("part", parts)
}
