package rtsp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	rtspconn "github.com/bluenviron/gortsplib/v4/pkg/conn"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"xianfeng/media"
	"xianfeng/media/packet"
)

var (
	h264SPS = []byte{0x67, 0x42, 0xc0, 0x1f, 0xd9, 0x00, 0xf0, 0x11, 0x7e, 0xf0, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x32, 0x8f, 0x18, 0x32, 0x48}
	h264PPS = []byte{0x68, 0xcb, 0x83, 0xcb, 0x20}
	h265VPS = []byte{0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x78, 0x99, 0x98, 0x09}
	h265SPS = []byte{0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00, 0x78, 0xa0, 0x03, 0xc0, 0x80, 0x10, 0xe5, 0x96, 0x66, 0x69, 0x24, 0xca, 0xe0, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x01, 0xe0, 0x80}
	h265PPS = []byte{0x44, 0x01, 0xc1, 0x72, 0xb4, 0x62, 0x40}
	av1Seq  = []byte{8, 0, 0, 0, 66, 167, 191, 228, 96, 13, 0, 64}
	vp9Key  = []byte{0x82, 0x49, 0x83, 0x42, 0x00, 0x77, 0xf0, 0x32, 0x34, 0x30, 0x38, 0x24, 0x1c, 0x19, 0x40, 0x18, 0x03, 0x40, 0x5f, 0xb4}
)

var (
	h264Track = media.Track{Codec: media.H264}
	opusTrack = media.Track{Codec: media.Opus, SampleRate: 48000, Channels: 2}
	aacTrack  = media.NewAACTrack(&mpeg4audio.AudioSpecificConfig{Type: mpeg4audio.ObjectTypeAACLC, SampleRate: 48000, ChannelConfig: 2})
	pcmaTrack = media.Track{Codec: media.PCMA, SampleRate: 8000, Channels: 1}
)

// mark returns size bytes that begin with head and carry the number n behind it.
func mark(n, size int, head ...byte) []byte {
	b := bytes.Repeat([]byte{0xab}, max(size, len(head)+4))
	copy(b, head)
	binary.BigEndian.PutUint32(b[len(head):], uint32(n)|0x80000000)
	return b
}

// sample returns the n-th payload of a codec; every keyEvery-th is a key frame.
func sample(c media.Codec, n, keyEvery, size int) [][]byte {
	key := n%keyEvery == 0
	switch c {
	case media.H264:
		if key {
			return [][]byte{h264SPS, h264PPS, mark(n, size, 0x65)}
		}
		return [][]byte{mark(n, size, 0x41)}
	case media.H265:
		if key {
			return [][]byte{h265VPS, h265SPS, h265PPS, mark(n, size, 0x26, 0x01)}
		}
		return [][]byte{mark(n, size, 0x02, 0x01)}
	case media.AV1:
		if key {
			return [][]byte{av1Seq, mark(n, size, 0x30, 0x10)}
		}
		return [][]byte{mark(n, size, 0x30, 0x30)}
	case media.VP8:
		if key {
			return [][]byte{mark(n, size, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0)}
		}
		return [][]byte{mark(n, size, 0x11, 0, 0)}
	case media.VP9:
		if key {
			return [][]byte{mark(n, size, vp9Key...)}
		}
		return [][]byte{mark(n, size, 0x86, 0)}
	case media.Opus:
		return [][]byte{mark(n, 80, 0xfc)}
	default:
		return [][]byte{mark(n, 160)}
	}
}

// number returns what mark put into a payload, given as its codec's last element.
func number(c media.Codec, payload [][]byte) int {
	b := payload[len(payload)-1]
	skip := map[media.Codec]int{media.H264: 1, media.H265: 2, media.AV1: 2, media.Opus: 1}[c]
	switch {
	case c == media.VP8 && b[0]&1 == 0:
		skip = 10
	case c == media.VP8:
		skip = 3
	case c == media.VP9 && b[0] == 0x82:
		skip = len(vp9Key)
	case c == media.VP9:
		skip = 2
	}
	return int(binary.BigEndian.Uint32(b[skip:]) &^ 0x80000000)
}

// publisher publishes synthetic units into a hub, without a protocol.
func (f *fixture) publisher(name string, tracks ...media.Track) *media.Publisher {
	f.t.Helper()
	p, err := f.hub.Publish(media.PublishRequest{Name: name, Protocol: "test", Remote: "test", Tracks: tracks, Close: func(error) {}})
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

// description makes the SDP of tracks.
func descriptionOf(t *testing.T, tracks ...media.Track) *description.Session {
	t.Helper()
	d := &description.Session{}
	for i := range tracks {
		f, err := packet.Format(&tracks[i], nil, uint8(96+i))
		if err != nil {
			t.Fatal(err)
		}
		m := &description.Media{Type: description.MediaTypeAudio, Formats: []format.Format{f}}
		if tracks[i].Codec.Video() {
			m.Type = description.MediaTypeVideo
		}
		d.Medias = append(d.Medias, m)
	}
	return d
}

// recorder is a gortsplib client that publishes.
type recorder struct {
	*gortsplib.Client
	desc    *description.Session
	tracks  []media.Track
	packers []*packet.Packetizer
}

func (f *fixture) record(name string, transport gortsplib.Transport, tracks ...media.Track) *recorder {
	f.t.Helper()
	r := &recorder{Client: &gortsplib.Client{Transport: &transport}, desc: descriptionOf(f.t, tracks...), tracks: tracks}
	if err := r.StartRecording(f.url(name), r.desc); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(r.Close)
	for i := range tracks {
		p, err := packet.NewPacketizer(&tracks[i], maxPayload)
		if err != nil {
			f.t.Fatal(err)
		}
		r.packers = append(r.packers, p)
	}
	return r
}

func (r *recorder) write(t *testing.T, track int, pts time.Duration, payload [][]byte) {
	t.Helper()
	m := r.desc.Medias[track]
	for _, p := range r.packers[track].Packets(nil, &media.Unit{PTS: pts, Payload: payload}) {
		pkt := &rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: m.Formats[0].PayloadType(), SequenceNumber: p.Seq, Timestamp: p.Timestamp, Marker: p.Marker}, Payload: p.Payload}
		if err := r.WritePacketRTP(m, pkt); err != nil {
			t.Fatal(err)
		}
	}
}

// player is a gortsplib client that plays. It keeps all packets.
type player struct {
	*gortsplib.Client
	desc *description.Session

	mu   sync.Mutex // guards all below
	got  map[int][]*rtp.Packet
	srs  map[int][]*rtcp.SenderReport
	lost uint64
}

func (f *fixture) play(url string, transport gortsplib.Transport, only ...int) (*player, error) {
	u, err := base.ParseURL(url)
	if err != nil {
		return nil, err
	}
	p := &player{got: map[int][]*rtp.Packet{}, srs: map[int][]*rtcp.SenderReport{}}
	p.Client = &gortsplib.Client{
		Scheme: u.Scheme, Host: u.Host, Transport: &transport,
		OnPacketsLost: func(n uint64) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.lost += n
		},
	}
	if err := p.Start2(); err != nil {
		return nil, err
	}
	f.t.Cleanup(p.Close)
	if p.desc, _, err = p.Describe(u); err != nil {
		return nil, err
	}
	for i, m := range p.desc.Medias {
		if len(only) > 0 && only[0] != i {
			continue
		}
		if _, err := p.Setup(p.desc.BaseURL, m, 0, 0); err != nil {
			return nil, err
		}
		p.OnPacketRTP(m, m.Formats[0], func(pkt *rtp.Packet) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.got[i] = append(p.got[i], pkt)
		})
		p.OnPacketRTCP(m, func(pkt rtcp.Packet) {
			if sr, is := pkt.(*rtcp.SenderReport); is {
				p.mu.Lock()
				defer p.mu.Unlock()
				p.srs[i] = append(p.srs[i], sr)
			}
		})
	}
	_, err = p.Play(nil)
	return p, err
}

func (f *fixture) mustPlay(url string, transport gortsplib.Transport, only ...int) *player {
	f.t.Helper()
	p, err := f.play(url, transport, only...)
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

func (p *player) packets(media int) []*rtp.Packet {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*rtp.Packet(nil), p.got[media]...)
}

// units depacketises what has come of a media and returns the number of each unit and its time stamp.
func (p *player) units(t *testing.T, m int) (payloads [][][]byte, stamps []uint32) {
	t.Helper()
	d, _, err := packet.NewDepacketizer(p.desc.Medias[m].Formats[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, pkt := range p.packets(m) {
		c := pkt.Clone() // depacketisers keep what they get, and this is called again
		out, err := d.Push(c)
		if err != nil && *p.Transport == gortsplib.TransportTCP {
			t.Fatal(err)
		}
		if out != nil {
			payloads, stamps = append(payloads, out), append(stamps, pkt.Timestamp)
		}
	}
	return payloads, stamps
}

// checkSequence fails on gaps between the packets of a media.
func (p *player) checkSequence(t *testing.T, m int) {
	t.Helper()
	pkts := p.packets(m)
	for i := 1; i < len(pkts); i++ {
		if want := pkts[i-1].SequenceNumber + 1; pkts[i].SequenceNumber != want {
			t.Fatalf("packet %d of media %d: sequence number got %d, want %d", i, m, pkts[i].SequenceNumber, want)
		}
	}
}

// rawClient speaks RTSP by hand.
type rawClient struct {
	t    *testing.T
	nc   net.Conn
	c    *rtspconn.Conn
	seq  int
	sess string
}

func (f *fixture) raw() *rawClient {
	f.t.Helper()
	nc, err := net.Dial("tcp", f.srv.Addr().String())
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(bound)); err != nil {
		f.t.Fatal(err)
	}
	return &rawClient{t: f.t, nc: nc, c: rtspconn.NewConn(nc)}
}

// do makes a request and returns the response, passing over interleaved frames.
func (r *rawClient) do(method base.Method, url string, header base.Header, body []byte) *base.Response {
	r.t.Helper()
	u, err := base.ParseURL(url)
	if err != nil {
		r.t.Fatal(err)
	}
	if header == nil {
		header = base.Header{}
	}
	r.seq++
	header["CSeq"] = base.HeaderValue{fmt.Sprint(r.seq)}
	if r.sess != "" {
		header["Session"] = base.HeaderValue{r.sess}
	}
	if err := r.c.WriteRequest(&base.Request{Method: method, URL: u, Header: header, Body: body}); err != nil {
		r.t.Fatal(err)
	}
	for {
		x, err := r.c.Read()
		if err != nil {
			r.t.Fatalf("%s %s: %v", method, url, err)
		}
		if res, is := x.(*base.Response); is {
			if s := res.Header["Session"]; len(s) == 1 {
				r.sess, _, _ = bytesCut(s[0])
			}
			return res
		}
	}
}

func bytesCut(s string) (string, string, bool) {
	a, b, ok := bytes.Cut([]byte(s), []byte(";"))
	return string(a), string(b), ok
}

// frame reads the next interleaved frame.
func (r *rawClient) frame() *base.InterleavedFrame {
	r.t.Helper()
	x, err := r.c.Read()
	if err != nil {
		r.t.Fatal(err)
	}
	fr, is := x.(*base.InterleavedFrame)
	if !is {
		r.t.Fatalf("got %T, want a frame", x)
	}
	return fr
}
