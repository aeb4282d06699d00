package hls

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	library "github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"

	"xianfeng/media"
	"xianfeng/media/fmp4"
)

// BenchmarkMuxUnit is one unit of a 2 Mbit/s stream with sound: cutting, boxes, and its share of a playlist
// that nobody asked for.
func BenchmarkMuxUnit(b *testing.B) {
	s := newScript(b, testPPS)
	at := media.Origin
	m := testMuxer(b, videoTrack(), soundTrack())
	size := 0
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%1024 == 0 {
			b.StopTimer()
			s.units = s.units[:0]
			for range 512 {
				k := int((at - media.Origin) / (40 * time.Millisecond))
				s.add(0, k%50 == 0, at, 10000)
				s.add(1, true, at, 300)
				at += 40 * time.Millisecond
			}
			b.StartTimer()
		}
		m.push(s.units[i%1024])
		size += s.units[i%1024].Size
	}
	b.SetBytes(int64(size / b.N))
}

// BenchmarkPlaylists is what a part costs where viewers take every form of the playlist.
func BenchmarkPlaylists(b *testing.B) {
	m := testMuxer(b, videoTrack(), soundTrack())
	s := newScript(b, testPPS)
	s.av(media.Origin, 12*time.Second, 50, true, every(40*time.Millisecond))
	for _, u := range s.units {
		m.push(u)
	}
	b.ReportAllocs()
	for b.Loop() {
		x := m.now.Load()
		for i := range x.pages {
			x.pages[i].asked.Store(true)
		}
		m.publish(false)
	}
}

// discard is a ResponseWriter that keeps its header map, as a connection that is being read fast would.
type discard struct {
	h http.Header
	n int
}

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(b []byte) (int, error) { d.n += len(b); return len(b), nil }

// hotRequest is a request as players make it all the time.
func hotRequest(x *stand, file, query string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/live/cam/"+file+query, nil)
	r.SetPathValue("name", "cam")
	r.SetPathValue("file", file)
	r.Header.Set("Accept-Encoding", "gzip, deflate, br")
	r.Header.Set("Cookie", cookieName+"="+x.cookie)
	return r
}

func benchmarkRequest(b *testing.B, file func(*snapshot) (string, string)) {
	x := newStand(b, openGate, Config{})
	x.play(8 * time.Second)
	x.cookie = x.server.newCookie("cam", false).Value
	x.server.ServeHTTP(&discard{h: http.Header{}}, hotRequest(x, fileMedia, ""))
	name, query := file(x.snap())
	r, w := hotRequest(x, name, query), &discard{h: http.Header{}}
	x.server.ServeHTTP(w, r)
	b.ReportAllocs()
	for b.Loop() {
		clear(w.h)
		x.server.ServeHTTP(w, r)
	}
}

func playlistQuery(s *snapshot) (string, string) {
	return fileMedia, fmt.Sprintf("?_HLS_msn=%d&_HLS_part=0&_HLS_skip=YES", s.msn-1)
}

func BenchmarkPlaylistRequest(b *testing.B) { benchmarkRequest(b, playlistQuery) }

func BenchmarkPartRequest(b *testing.B) {
	benchmarkRequest(b, func(s *snapshot) (string, string) { return s.kept[len(s.kept)-1].parts[0].name, "" })
}

// What each of a thousand viewers asks for five times a second allocates nothing of ours.
func TestHotPathDoesNotAllocate(t *testing.T) {
	x := newStand(t, openGate, Config{})
	x.play(8 * time.Second)
	x.cookie = x.server.newCookie("cam", false).Value
	s := x.snap()
	file, query := playlistQuery(s)
	for _, r := range []*http.Request{hotRequest(x, file, query), hotRequest(x, s.kept[0].parts[0].name, "")} {
		w := &discard{h: http.Header{}}
		x.server.ServeHTTP(w, r)
		if n := testing.AllocsPerRun(100, func() { clear(w.h); x.server.ServeHTTP(w, r) }); n > 1 {
			t.Errorf("%s: got %v allocations, want at most 1", r.URL.Path, n)
		}
	}
}

func benchPart(b *testing.B) []fmp4.Run {
	s := newScript(b, testPPS)
	s.av(media.Origin, 200*time.Millisecond, 25, true, every(40*time.Millisecond))
	lanes, _ := carried([]media.Track{videoTrack(), soundTrack()})
	for _, u := range s.units {
		l := lanes[u.Track]
		if u.Track == 0 {
			u.Payload = [][]byte{make([]byte, 10000)}
			u.Size = 10000
		}
		l.ready = append(l.ready, fmp4.Sample{Unit: u, DTS: media.Ticks(u.DTS, l.Rate), Dur: 3600})
	}
	return []fmp4.Run{{Lane: &lanes[0].Lane, Samples: lanes[0].ready}, {Lane: &lanes[1].Lane, Samples: lanes[1].ready}}
}

func BenchmarkMarshalPart(b *testing.B) {
	runs := benchPart(b)
	b.ReportAllocs()
	for b.Loop() {
		fmp4.MarshalPart(1, runs)
	}
}

// BenchmarkMarshalPartMediacommon is the same with the library's writer: why there is one of our own.
func BenchmarkMarshalPartMediacommon(b *testing.B) {
	runs := benchPart(b)
	b.ReportAllocs()
	for b.Loop() {
		p := library.Part{SequenceNumber: 1}
		for _, r := range runs {
			tr := &library.PartTrack{ID: int(r.Lane.ID), BaseTime: uint64(r.Samples[0].DTS)}
			for _, s := range r.Samples {
				x := &library.Sample{Duration: s.Dur, IsNonSyncSample: !s.Unit.Key, Payload: s.Unit.Payload[0]}
				if r.Lane.Track.Codec.Video() {
					avcc, err := h264.AVCC(s.Unit.Payload).Marshal()
					if err != nil {
						b.Fatal(err)
					}
					x.Payload = avcc
				}
				tr.Samples = append(tr.Samples, x)
			}
			p.Tracks = append(p.Tracks, tr)
		}
		var buf seekablebuffer.Buffer
		if err := p.Marshal(&buf); err != nil {
			b.Fatal(err)
		}
	}
}
