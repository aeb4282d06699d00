package mpegts

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"

	"xianfeng/media"
)

// pulled runs a source into a stream and returns the hub, the address it is bound to, and the result of Run.
func pulled(t *testing.T, address string, change func(*UDP)) (*media.Hub, net.Addr, <-chan error, context.CancelFunc) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	s, err := NewUDP(address, log)
	if err != nil {
		t.Fatal(err)
	}
	bound := make(chan net.Addr, 1)
	s.bound = func(a net.Addr) { bound <- a }
	if change != nil {
		change(s)
	}
	hub := media.NewHub(media.HubConfig{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	ended := make(chan struct{})
	go func() { // ends with ctx
		defer close(ended)
		done <- s.Run(ctx, func(tracks []media.Track) (*media.Publisher, error) {
			return hub.Publish(media.PublishRequest{Name: "x", Protocol: "udp", Tracks: tracks})
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		hub.Close()
	})
	select {
	case a := <-bound:
		return hub, a, done, cancel
	case err := <-done:
		t.Fatalf("source: %v", err)
	case <-time.After(patience):
		t.Fatal("the source does not listen")
	}
	return nil, nil, nil, nil
}

// wait waits until f returns true.
func wait(t *testing.T, what string, f func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !f() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

// send starts an ffmpeg that sends a programme to an address.
func send(t *testing.T, address, format string) {
	t.Helper()
	c := exec.Command("ffmpeg", strings.Fields("-hide_banner -loglevel error -re -f lavfi -i testsrc=size=320x180:rate=25 "+
		"-c:v libx264 -preset ultrafast -g 25 -f "+format+" "+address)...)
	var said bytes.Buffer
	c.Stderr = &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill() //nolint:errcheck // it may be gone
		c.Wait()         //nolint:errcheck // killed
		if t.Failed() {
			t.Logf("ffmpeg: %s", said.String())
		}
	})
}

func onAir(hub *media.Hub) func() bool {
	return func() bool {
		s, err := hub.Lookup("x")
		return err == nil && s.Ready() && s.Info(false).Tracks[0].Width == 320
	}
}

func TestUDPUnicast(t *testing.T) {
	hub, addr, done, cancel := pulled(t, "udp://127.0.0.1:0", nil)
	send(t, "udp://"+addr.String()+"?pkt_size=1316", "mpegts")
	wait(t, "the stream on air", onAir(hub))
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestUDPRTP(t *testing.T) {
	hub, addr, _, _ := pulled(t, "udp://127.0.0.1:0", nil)
	send(t, "rtp://"+addr.String(), "rtp_mpegts")
	wait(t, "the stream on air", onAir(hub))
}

func TestUDPMulticast(t *testing.T) {
	for _, query := range []string{"localaddr=127.0.0.1", "interface=" + loopback(t), "localaddr=127.0.0.1&source=127.0.0.1"} {
		hub, addr, _, _ := pulled(t, "udp://239.255.77.1:0?"+query, nil)
		send(t, "udp://"+addr.String()+"?pkt_size=1316&localaddr=127.0.0.1", "mpegts")
		wait(t, "the stream on air with "+query, onAir(hub))
	}
}

func loopback(t *testing.T) string {
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if all[i].Flags&net.FlagLoopback != 0 {
			return all[i].Name
		}
	}
	t.Fatal("no loopback interface")
	return ""
}

func TestUDPSilence(t *testing.T) {
	_, addr, done, _ := pulled(t, "udp://127.0.0.1:0", func(s *UDP) { s.silence = 50 * time.Millisecond })
	if err := <-done; err == nil || !strings.Contains(err.Error(), "no picture and no sound") {
		t.Errorf("nothing sent to %s: got %v, want silence", addr, err)
	}
	// Datagrams without a picture or a sound are silence, too.
	_, addr, done, _ = pulled(t, "udp://127.0.0.1:0", func(s *UDP) { s.silence = 200 * time.Millisecond })
	conn, err := net.Dial("udp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // a test's socket
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			conn.Write(filler(0x1fff, false)) //nolint:errcheck // refused once the source is gone
			continue
		case err := <-done:
			if err == nil || !strings.Contains(err.Error(), "no picture and no sound") {
				t.Errorf("null packets: got %v, want silence", err)
			}
		case <-time.After(patience):
			t.Error("null packets keep the source")
		}
		return
	}
}

func TestUDPOtherSender(t *testing.T) {
	_, addr, done, _ := pulled(t, "udp://127.0.0.1:0?source=127.0.0.2", func(s *UDP) { s.silence = 500 * time.Millisecond })
	conn, err := net.Dial("udp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // a test's socket
	if _, err := conn.Write(tables(&output{codec: media.H264, pid: 0x100})); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err == nil || !strings.Contains(err.Error(), "no picture and no sound") {
		t.Errorf("got %v, want silence", err)
	}
}

func TestNewUDP(t *testing.T) {
	for address, want := range map[string]string{
		"udp://0.0.0.0:5000":                     "0.0.0.0:5000",
		"udp://:5000":                            "0.0.0.0:5000",
		"udp://239.1.1.1:5000?pkt_size=1316":     "239.1.1.1:5000",
		"udp://[ff15::1]:5000":                   "[ff15::1]:5000",
		"udp://@239.1.1.1:5000":                  "239.1.1.1:5000",
		"udp://239.1.1.1:5000?source=10.0.0.1":   "239.1.1.1:5000",
		"udp://239.1.1.1:5000?interface=eth0":    "239.1.1.1:5000",
		"udp://239.1.1.1":                        "",
		"udp://camera:5000":                      "",
		"http://239.1.1.1:5000":                  "",
		"udp://239.1.1.1:99999":                  "",
		"udp://239.1.1.1:5000?source=me":         "",
		"udp://239.1.1.1:5000?localaddr=me":      "",
		"udp://239.1.1.1:5000?localaddr=8.8.8.8": "",
		"udp://%zz":                              "",
	} {
		s, err := NewUDP(address, slog.New(slog.DiscardHandler))
		switch {
		case want == "" && err == nil:
			t.Errorf("%s: got %s, want an error", address, s.addr)
		case want != "" && err != nil:
			t.Errorf("%s: %v", address, err)
		case want != "" && s.addr.String() != want:
			t.Errorf("%s: got %s, want %s", address, s.addr, want)
		}
	}
}

func TestStripRTP(t *testing.T) {
	ts := filler(0x100, true)
	for _, h := range []rtp.Header{
		{Version: 2, PayloadType: 33},
		{Version: 2, PayloadType: 33, CSRC: []uint32{1, 2}},
		{Version: 2, PayloadType: 96, Extension: true, ExtensionProfile: 1, Extensions: []rtp.Extension{}},
	} {
		b, err := (&rtp.Packet{Header: h, Payload: ts}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if n := stripRTP(b); !bytes.Equal(b[:n], ts) {
			t.Errorf("%+v: got %d bytes, want the %d of the payload", h, n, len(ts))
		}
	}
	b := bytes.Clone(ts)
	if n := stripRTP(b); !bytes.Equal(b[:n], ts) {
		t.Error("bare packets were changed")
	}
}
