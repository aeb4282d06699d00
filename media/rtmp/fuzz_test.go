package rtmp

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortmplib"

	"xianfeng/media"
)

// FuzzTags feeds one configuration and two frames of each kind to what reads tags.
func FuzzTags(f *testing.F) {
	f.Add(config264(spsHD, ppsAny), frame264(0x17, 80, idr), frame264(0x27, -20, []byte{0x41, 1}), configAAC(), frameAAC(1))
	f.Add(append([]byte{0x90}, "av01\x81\x00\x00\x00\x0a\x0c\x00\x00\x00\x42\xab\xbf\xc3\x70\x0b\xe0\x01\x00"...), append([]byte{0x93}, "av01\x12\x00\x32\x01\x00"...), []byte{0x97, 2, 1, 2, 3, 0x03}, append([]byte{0x90}, "OpusOpusHead\x01\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00"...), append([]byte{0x91}, "Opus\xfc\x01"...))
	f.Add(append([]byte{0x90}, "vp09\x01\x00\x00\x00"...), append(append([]byte{0x96, 0x13}, "vp09\x00\x00\x00\x14"...), keyVP9...), []byte{0x50, 0}, []byte{0x7f, 1}, []byte{0x8e, 1, 2})
	f.Fuzz(func(t *testing.T, config, key, inter, audioConfig, audio []byte) {
		d := newDesk(t)
		for i, at := range []time.Duration{0, 0, 40 * time.Millisecond, time.Second, 0} {
			for _, b := range [][]byte{config, key, inter} {
				if d.video(at, append([]byte(nil), b...)) != nil {
					return
				}
			}
			for _, b := range [][]byte{audioConfig, audio} {
				if d.audio(at+time.Duration(i)*20*time.Millisecond, append([]byte(nil), b...)) != nil {
					return
				}
			}
		}
		if d.pub == nil {
			return
		}
		for i := range d.tracks {
			if tr := &d.tracks[i]; !carriable(tr) {
				t.Errorf("let in a track that can't be let out: %+v", tr)
			}
		}
		for _, u := range d.units(t) {
			e := &encoder{track: &d.tracks[u.Track]}
			if _, err := e.config(u.Params); err != nil {
				t.Errorf("let in parameters that can't be let out: %v", err)
			}
			e.frame(u, u.PTS-u.DTS)
		}
	})
}

// tape is a connection that keeps what is written.
type tape struct {
	net.Conn
	mu      sync.Mutex // guards written
	written []byte
}

func (x *tape) Write(b []byte) (int, error) {
	x.mu.Lock()
	x.written = append(x.written, b...)
	x.mu.Unlock()
	return x.Conn.Write(b)
}

// record returns what gortmplib's client says after the handshake.
func record(f *testing.F, name string, publish bool) []byte {
	f.Helper()
	h := newHouse(f, openGate, Config{})
	write(f, h.cast(f, "on", media.Track{Codec: media.H264}), 0, 0, au264(0)...)
	var x *tape
	u := &url.URL{Scheme: "rtmp", Host: h.srv.Addr().String(), Path: "/live/" + name}
	c := &gortmplib.Client{URL: u, Publish: publish, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		nc, err := (&net.Dialer{}).DialContext(ctx, network, address)
		x = &tape{Conn: nc}
		return x, err
	}}
	if err := c.Initialize(context.Background()); err != nil {
		f.Fatal(err)
	}
	if publish {
		k := kinds()[0]
		track := k.track()
		w := &gortmplib.Writer{Conn: c, Tracks: []*gortmplib.Track{track}}
		if err := w.Initialize(); err != nil {
			f.Fatal(err)
		}
		for i := 1; i < 4; i++ {
			if err := k.publish(w, track, i); err != nil {
				f.Fatal(err)
			}
		}
	}
	c.Close()
	x.mu.Lock()
	defer x.mu.Unlock()
	const greeting = 1 + 2*1536
	return x.written[greeting:]
}

// pipeServer returns a function that serves one end of a pipe; stop waits for all of them.
func pipeServer(t testing.TB) (serve func(net.Conn), stop func()) {
	t.Helper()
	hub := media.NewHub(media.HubConfig{Grace: time.Millisecond})
	s := New(hub, media.GateFunc(openGate), Config{Timeout: patience})
	p, err := hub.Publish(media.PublishRequest{Name: "on", Tracks: []media.Track{{Codec: media.H264}}, Close: func(error) {}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, p, 0, 0, au264(0)...)
	serve = func(nc net.Conn) {
		c := newConn(s, nc)
		if _, err := s.add(c); err != nil {
			t.Error(err)
			return
		}
		go s.run(c) // ends with the pipe; stop waits for it
	}
	return serve, func() {
		hub.Close()
		s.Close()
	}
}

// FuzzServerConn sends whatever after a proper handshake through the whole connection handler, and so
// through gortmplib's chunk reader and AMF0 decoder. Neither has been seen to panic, so nothing recovers.
func FuzzServerConn(f *testing.F) {
	f.Add(record(f, "cam", true))
	f.Add(record(f, "on", false))
	f.Add([]byte{})
	f.Add([]byte{2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{3, 0, 0, 0, 0, 0, 18, 20, 0, 0, 0, 0, 2, 0, 4, 'p', 'l', 'a', 'y', 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 5})
	f.Fuzz(func(t *testing.T, b []byte) {
		serve, stop := pipeServer(t)
		defer stop()
		client, server := net.Pipe()
		serve(server)
		drained := make(chan struct{})
		go func() { // ends when the pipe closes; waited for below
			defer close(drained)
			io.Copy(io.Discard, client) //nolint:errcheck // whatever it says
		}()
		client.SetWriteDeadline(time.Now().Add(patience))        //nolint:errcheck // then the write fails
		client.Write(append([]byte{3}, make([]byte, 2*1536)...)) //nolint:errcheck // it may have closed
		client.Write(b)                                          //nolint:errcheck // it may have closed
		client.Close()                                           //nolint:errcheck // nothing to do about it
		<-drained
	})
}
