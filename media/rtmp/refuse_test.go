package rtmp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortmplib"
	"github.com/bluenviron/gortmplib/pkg/message"

	"xianfeng/media"
)

// wantStatus reads until the server says code, and then until it closes.
func wantStatus(t *testing.T, c *gortmplib.Client, code string) {
	t.Helper()
	for {
		m, err := c.Read()
		if err != nil {
			t.Fatalf("got %v before %s", err, code)
		}
		if x, ok := m.(*message.CommandAMF0); ok && strings.Contains(describe(x), code) {
			break
		}
	}
	for {
		if _, err := c.Read(); err != nil {
			if !errors.Is(err, io.EOF) {
				t.Errorf("got %v at the end, want EOF", err)
			}
			return
		}
	}
}

func describe(x *message.CommandAMF0) string {
	b, err := x.Arguments.Marshal()
	if err != nil {
		return err.Error()
	}
	return x.Name + string(b)
}

func TestRefusalsSayWhy(t *testing.T) {
	h := newHouse(t, keyGate, Config{})
	vp8 := h.cast(t, "vp8", media.Track{Codec: media.VP8})
	write(t, vp8, 0, 0, []byte{0, 0, 0, 0x9d, 0x01, 0x2a, 64, 1, 180, 0})
	h.cast(t, "busy", media.Track{Codec: media.H264})
	good := "key=" + testKey
	for _, x := range []struct {
		what, address string
		publish       bool
		want          string
	}{
		{"publish with a wrong key", h.url("cam", "key=no"), true, "NetStream.Publish.Denied"},
		{"play with a wrong key", h.url("cam", "key=no"), false, "NetStream.Play.Failed"},
		{"publish a second time", h.url("busy", good), true, "NetStream.Publish.BadName"},
		{"publish up the tree", h.url("a..b", good), true, "NetStream.Publish.BadName"},
		{"play up the tree", h.url("a..b", good), false, "NetStream.Play.StreamNotFound"},
		{"publish a long name", h.url(strings.Repeat("a", 10000), good), true, "NetStream.Publish.BadName"},
		{"play a long name", h.url(strings.Repeat("a", 10000), good), false, "NetStream.Play.StreamNotFound"},
		{"play what is not there", h.url("nothing", good), false, "NetStream.Play.StreamNotFound"},
		{"play VP8", h.url("vp8", good), false, "RTMP does not carry VP8"},
	} {
		t.Run(x.what, func(t *testing.T) {
			_, err := connect(t, x.address, x.publish)
			if err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("got %v, want %s", err, x.want)
			}
		})
	}
	h.idle(t)
	if s, err := h.hub.Lookup("busy"); err != nil || !s.Live() {
		t.Errorf("the first publisher was disturbed: %v", err)
	}
}

// idle waits until the server holds no connection.
func (h *house) idle(t testing.TB) {
	t.Helper()
	eventually(t, "no connection is held", func() bool {
		h.srv.mu.Lock()
		defer h.srv.mu.Unlock()
		return len(h.srv.conns) == 0
	})
}

// greet does a client's half of the handshake.
func greet(nc net.Conn) error {
	if _, err := nc.Write(append([]byte{3}, make([]byte, 1536)...)); err != nil {
		return err
	}
	if _, err := io.ReadFull(nc, make([]byte, 1+2*1536)); err != nil {
		return err
	}
	_, err := nc.Write(make([]byte, 1536))
	return err
}

func TestBadInputIsDroppedWithALine(t *testing.T) {
	random := make([]byte, 5000)
	source := rand.NewChaCha8([32]byte{1})
	source.Read(random) //nolint:errcheck // never fails
	random[0] = 0x80
	for _, x := range []struct {
		what  string
		greet bool
		send  []byte
		want  string // in the log
	}{
		{"random bytes", false, random, "handshake: version 128"},
		{"an HTTP request", false, []byte("GET / HTTP/1.1\r\n\r\n"), "handshake: version 71"},
		{"RTMPE", false, append([]byte{6}, make([]byte, 1536)...), "handshake: version 6"},
		{"nothing", false, nil, "timed out"},
		{"half a handshake", false, append([]byte{3}, make([]byte, 700)...), "timed out"},
		{"silence after the handshake", true, nil, "timed out"},
		{"random bytes after the handshake", true, bytes.Repeat([]byte{0x45, 0x99, 0xff, 0x01}, 300), "no request"},
		{"a huge message begun", true, []byte{3, 0, 0, 0, 0xff, 0xff, 0xff, 20, 0, 0, 0, 0}, "16777215 bytes, more than 32768"},
		{"many messages begun", true, begin(3, 30000, 20, 1, 128), "90000 bytes of messages begun and not ended"},
		{"a huge chunk size", true, setChunk(1 << 31), "set chunk size"},
		{"no chunk size", true, setChunk(0), "set chunk size"},
		{"one-byte chunks", true, append(setChunk(1), bytes.Repeat([]byte{0xc5, 'y'}, 20000)...), "set chunk size: 1 is not within 128"},
		{"endless commands", true, bytes.Repeat([]byte{2, 0, 0, 0, 0, 0, 4, 3, 0, 0, 0, 0, 0, 0, 0, 0}, 6000), "does not publish"},
		{"play before connect", true, []byte{3, 0, 0, 0, 0, 0, 18, 20, 0, 0, 0, 0, 2, 0, 4, 'p', 'l', 'a', 'y', 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 5}, "before connect"},
	} {
		t.Run(x.what, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, openGate, Config{Timeout: 300 * time.Millisecond})
			other := h.cast(t, "other", media.Track{Codec: media.H264})
			nc, err := net.Dial("tcp", h.srv.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			nc.SetDeadline(time.Now().Add(patience)) //nolint:errcheck // then the test fails anyway
			if x.greet {
				if err := greet(nc); err != nil {
					t.Fatal(err)
				}
			}
			nc.Write(x.send) //nolint:errcheck // the server may have closed
			if _, err := io.Copy(io.Discard, nc); err != nil {
				var ne net.Error
				if errors.As(err, &ne) && ne.Timeout() {
					t.Fatal("the server does not close")
				}
			}
			h.idle(t)
			if log := h.logs.String(); !strings.Contains(log, x.want) || strings.Count(log, "level=WARN") != 1 {
				t.Errorf("got log %q, want one warning with %q", log, x.want)
			}
			if !other.Stream().Live() {
				t.Error("another stream was disturbed")
			}
		})
	}
}

func TestAHundredSilentConnections(t *testing.T) {
	h := newHouse(t, openGate, Config{Timeout: time.Second, MaxWaiting: 100})
	var open []net.Conn
	for range 100 {
		nc, err := net.Dial("tcp", h.srv.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		open = append(open, nc)
	}
	for _, nc := range open {
		nc.SetDeadline(time.Now().Add(patience)) //nolint:errcheck // then the test fails
		if n, err := nc.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
			t.Fatalf("got %d, %v; want the server to close", n, err)
		}
	}
	h.idle(t)
}

func TestTooManyConnections(t *testing.T) {
	h := newHouse(t, openGate, Config{MaxConns: 1})
	mustConnect(t, h.url("one", ""), true)
	if _, err := connect(t, h.url("two", ""), true); err == nil {
		t.Error("the second connection was let in")
	}
	if !strings.Contains(h.logs.String(), "too many connections") {
		t.Error("the log does not say why")
	}
}

func TestAPublisherThatFallsSilentIsClosed(t *testing.T) {
	h := newHouse(t, openGate, Config{Timeout: 300 * time.Millisecond})
	c := mustConnect(t, h.url("cam", ""), true)
	wantStatus(t, c, "timed out")
	h.idle(t)
}

func TestAStreamWithoutKeyFrameIsNotWaitedForLong(t *testing.T) {
	h := newHouse(t, openGate, Config{Timeout: 300 * time.Millisecond})
	h.cast(t, "cam", media.Track{Codec: media.H264})
	_, err := connect(t, h.url("cam", ""), false)
	if err == nil || !strings.Contains(err.Error(), "no key frame yet") {
		t.Errorf("got %v, want no key frame yet", err)
	}
}

func TestKickedClientsAreTold(t *testing.T) {
	h := newHouse(t, openGate, Config{})
	pub := mustConnect(t, h.url("cam", ""), true)
	k := kinds()[0]
	track := k.track()
	w := &gortmplib.Writer{Conn: pub, Tracks: []*gortmplib.Track{track}}
	if err := w.Initialize(); err != nil {
		t.Fatal(err)
	}
	if err := k.publish(w, track, 0); err != nil {
		t.Fatal(err)
	}
	h.waitReady(t, "cam")
	player := mustConnect(t, h.url("cam", ""), false)
	s := h.waitReady(t, "cam")
	eventually(t, "the player is counted", func() bool { return s.Info(false).Viewers == 1 })
	if err := h.hub.Kick("cam"); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, pub, "NetStream.Publish.Rejected")
	wantStatus(t, player, "NetStream.Play.Failed")
	h.idle(t)
}

func TestPlayersAreToldThatAStreamEnds(t *testing.T) {
	h := newHouse(t, openGate, Config{})
	p := h.cast(t, "cam", media.Track{Codec: media.H264})
	write(t, p, 0, 0, au264(0)...)
	player := mustConnect(t, h.url("cam", ""), false)
	eventually(t, "the player is counted", func() bool { return p.Stream().Info(false).Viewers == 1 })
	h.srv.Close()
	wantStatus(t, player, "NetStream.Play.UnpublishNotify")
}

// A player that stops reading is skipped over by the ring, and closed when a write takes too long; one
// beside it does not notice.
func TestAPlayerThatDoesNotReadIsClosed(t *testing.T) {
	h := newHouse(t, openGate, Config{Timeout: 500 * time.Millisecond})
	p := h.cast(t, "cam", media.Track{Codec: media.H264})
	write(t, p, 0, 0, au264(0)...)
	mustConnect(t, h.url("cam", ""), false) // never reads
	s := p.Stream()
	eventually(t, "the player is counted", func() bool { return s.Info(false).Viewers == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	beside := s.NewReader()
	big := bytes.Repeat([]byte{1}, 1<<20)
	for i := 1; s.Info(false).Viewers > 0; i++ {
		write(t, p, 0, time.Duration(i)*time.Millisecond, append([]byte{0x65}, big...))
		if _, err := beside.Next(ctx); err != nil {
			t.Fatal(err)
		}
	}
	h.idle(t)
	var lines []string
	for line := range strings.Lines(h.logs.String()) {
		if strings.Contains(line, "reader") {
			lines = append(lines, line)
		}
	}
	if len(lines) != 2 || !strings.Contains(lines[0], "reader came") || !strings.Contains(lines[1], `level=WARN msg="reader left"`) ||
		!strings.Contains(lines[1], "timed out") {
		t.Errorf("got %q, want one line for coming and one for leaving with the time-out", lines)
	}
}

// Who only plays has no business sending megabytes: gortmplib would keep them, half-received.
func TestAPlayerThatTalksIsClosed(t *testing.T) {
	h := newHouse(t, openGate, Config{})
	p := h.cast(t, "cam", media.Track{Codec: media.H264})
	write(t, p, 0, 0, au264(0)...)
	c := mustConnect(t, h.url("cam", ""), false)
	for i := 0; ; i++ {
		if err := c.Write(&message.Audio{ChunkStreamID: 4, Codec: message.CodecPCMA, AU: make([]byte, 1000)}); err != nil {
			break
		}
		if i > 1<<20 {
			t.Fatal("a gigabyte was taken")
		}
	}
	h.idle(t)
	if log := h.logs.String(); !strings.Contains(log, errChatter.Error()) {
		t.Errorf("got log %q, want %q", log, errChatter)
	}
}
