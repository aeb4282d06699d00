package srt

import (
	"context"
	"encoding/json"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"xianfeng/media"
)

func TestFFmpegPublishAndRead(t *testing.T) {
	w := newWorld(t, Config{})
	w.start("ffmpeg", publishArgs(w.address("publish:live/x?key=right"))...)
	st := w.stream("x")
	tracks := st.Tracks()
	if len(tracks) != 2 || tracks[0].Codec != media.H264 || tracks[1].Codec != media.AAC {
		t.Fatalf("got tracks %+v, want H264 and AAC", tracks)
	}
	w.eventually("B-frames seen", st.Reordered)

	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_packets", "-read_intervals", "%+2",
		w.address("read:live/x")).Output()
	if err != nil {
		t.Fatalf("ffprobe: %v", err)
	}
	var got struct {
		Streams []struct {
			Codec string `json:"codec_name"`
			Width int    `json:"width"`
		}
		Packets []struct {
			Type  string `json:"codec_type"`
			PTS   int64
			DTS   int64
			Flags string
		}
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Streams) != 2 || got.Streams[0].Codec != "h264" || got.Streams[0].Width != 320 || got.Streams[1].Codec != "aac" {
		t.Errorf("got streams %+v, want h264 of 320 pixels and aac", got.Streams)
	}
	var reordered bool
	last := map[string]int64{}
	for i, p := range got.Packets {
		if before, ok := last[p.Type]; ok && p.DTS <= before {
			t.Errorf("packet %d: got DTS %d after %d, want growing", i, p.DTS, before)
		}
		last[p.Type] = p.DTS
		reordered = reordered || p.PTS > p.DTS
	}
	if len(got.Packets) < 50 || !reordered {
		t.Errorf("got %d packets, reordered %v; want at least 50, with B-frames", len(got.Packets), reordered)
	}
	if got.Packets[0].Type == "video" && !strings.HasPrefix(got.Packets[0].Flags, "K") {
		t.Errorf("got a first picture with flags %q, want a key frame", got.Packets[0].Flags)
	}
	w.eventually("the reader gone", func() bool { return st.Info(true).Viewers == 0 })
}

func TestSRTLiveTransmitReads(t *testing.T) {
	w := newWorld(t, Config{PeerIdle: 2 * time.Second})
	w.start("ffmpeg", publishArgs(w.address("publish:live/x"))...)
	st := w.stream("x")
	c, out := w.start("srt-live-transmit", "-q", w.address("#!::r=live/x,m=request"), "file://con")
	w.eventually("bytes sent to it", func() bool {
		info := st.Info(true)
		return len(info.Sessions) == 1 && info.Sessions[0].Protocol == "srt" && info.Sessions[0].Sent > 100_000
	})
	stop(c)
	if !strings.Contains(out.String(), "\x47\x40\x00") {
		t.Errorf("got %d bytes without a programme table", out.Len())
	}
	w.eventually("the reader gone", func() bool { return st.Info(true).Viewers == 0 })
}

// TestPublisherVanishes stops the publisher's process, which goes on to exist but says nothing.
func TestPublisherVanishes(t *testing.T) {
	w := newWorld(t, Config{PeerIdle: time.Second})
	c, _ := w.start("ffmpeg", publishArgs(w.address("publish:live/x"))...)
	st := w.stream("x")
	if err := c.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	w.eventually("the publisher gone", func() bool { return !st.Live() })
	w.eventually("nothing held", func() bool { return len(w.s.slots) == 0 })
	stop(c)
}

func TestReaderVanishes(t *testing.T) {
	w := newWorld(t, Config{PeerIdle: time.Second})
	w.start("ffmpeg", publishArgs(w.address("publish:live/x"))...)
	st := w.stream("x")
	c, _ := w.start("srt-live-transmit", "-q", w.address("read:live/x"), "file://con")
	w.eventually("the reader there", func() bool { return st.Info(true).Viewers == 1 })
	if err := c.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	w.eventually("the reader gone", func() bool { return st.Info(true).Viewers == 0 })
	stop(c)
	if !st.Live() {
		t.Error("the publisher went with the reader")
	}
}

func TestPublisherRestartKeepsReader(t *testing.T) {
	w := newWorld(t, Config{})
	c, _ := w.start("ffmpeg", publishArgs(w.address("publish:live/x"))...)
	st := w.stream("x")
	w.start("srt-live-transmit", "-q", w.address("read:live/x"), "file://con")
	var before []media.SessionInfo
	w.eventually("the reader there", func() bool {
		before = st.Info(true).Sessions
		return len(before) == 1 && before[0].Sent > 0
	})
	stop(c)
	w.eventually("the publisher gone", func() bool { return !st.Live() })
	sent := st.Info(true).Sessions[0].Sent
	w.start("ffmpeg", publishArgs(w.address("publish:live/x"))...)
	if w.stream("x") != st {
		t.Fatal("got another stream, want the same")
	}
	w.eventually("more for the same reader", func() bool {
		now := st.Info(true).Sessions
		return len(now) == 1 && now[0].ID == before[0].ID && now[0].Sent > sent+100_000
	})
}

func TestPassphrase(t *testing.T) {
	w := newWorld(t, Config{Passphrase: "correcthorse"})
	w.start("ffmpeg", publishArgs(w.address("publish:live/x&passphrase=correcthorse"))...)
	w.stream("x")
	c, _ := w.start("ffmpeg", publishArgs(w.address("publish:live/y&passphrase=wrong-horse"))...)
	if err := c.Wait(); err == nil {
		t.Error("got a publisher with the wrong passphrase, want a refusal")
	}
	c, _ = w.start("ffmpeg", publishArgs(w.address("publish:live/y"))...)
	if err := c.Wait(); err == nil {
		t.Error("got a publisher without encryption, want a refusal")
	}
	if _, err := w.hub.Lookup("y"); err == nil {
		t.Error("got the stream, want none")
	}
}

// TestCloseWithViewers closes a server under load; goleak looks at what stays.
func TestCloseWithViewers(t *testing.T) {
	w := newWorld(t, Config{})
	w.start("ffmpeg", publishArgs(w.address("publish:live/x"))...)
	st := w.stream("x")
	w.start("srt-live-transmit", "-q", w.address("read:live/x"), "file://con")
	w.eventually("the reader there", func() bool { return st.Info(true).Viewers == 1 })
	w.s.Close()
	if n := len(w.s.slots); n != 0 {
		t.Errorf("got %d connections after Close, want none", n)
	}
}

func TestFFmpegRefused(t *testing.T) {
	w := newWorld(t, Config{})
	w.start("ffmpeg", publishArgs(w.address("publish:live/x"))...)
	st := w.stream("x")
	for what, id := range map[string]string{
		"wrong key":        "publish:live/locked?key=wrong",
		"second publisher": "publish:live/x",
	} {
		c, out := w.start("ffmpeg", publishArgs(w.address(id))...)
		if err := c.Wait(); err == nil {
			t.Errorf("%s: got a publisher, want a refusal", what)
		} else if out.Len() == 0 {
			t.Errorf("%s: ffmpeg says nothing", what)
		}
	}
	if !st.Live() {
		t.Error("the first publisher was disturbed")
	}
	if s := w.logs.String(); !strings.Contains(s, media.ErrBusy.Error()) || !strings.Contains(s, media.ErrDenied.Error()) || strings.Contains(s, "wrong") {
		t.Errorf("got log, want both reasons and no key:\n%s", s)
	}
}

func TestKick(t *testing.T) {
	w := newWorld(t, Config{})
	w.start("ffmpeg", publishArgs(w.address("publish:live/x"))...)
	st := w.stream("x")
	w.start("srt-live-transmit", "-q", w.address("read:live/x"), "file://con")
	w.eventually("the reader there", func() bool { return st.Info(true).Viewers == 1 })
	if err := w.hub.Kick("x"); err != nil {
		t.Fatal(err)
	}
	w.eventually("nothing held", func() bool { return len(w.s.slots) == 0 })
}

// slowSource begins when it is told to.
type slowSource struct{ begin chan struct{} }

func (s slowSource) Run(ctx context.Context, publish func([]media.Track) (*media.Publisher, error)) error {
	select {
	case <-s.begin:
	case <-ctx.Done():
		return ctx.Err()
	}
	pub, err := publish([]media.Track{{Codec: media.Opus, SampleRate: 48000, Channels: 2}})
	if err != nil {
		return err
	}
	defer pub.Close()
	for at := time.Duration(0); ctx.Err() == nil; at += 20 * time.Millisecond {
		if err := pub.Write(0, media.Sample{PTS: at, Payload: [][]byte{make([]byte, 800)}}); err != nil {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// TestReaderOfSlowSource: a source that takes longer to start than a caller waits for its answer.
func TestReaderOfSlowSource(t *testing.T) {
	w := newWorld(t, Config{quick: time.Millisecond})
	src := slowSource{make(chan struct{})}
	p, err := w.hub.Pull("x", "test", true, src)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	w.start("srt-live-transmit", "-q", w.address("read:live/x"), "file://con")
	w.eventually("the reader let in", func() bool { return strings.Contains(w.logs.String(), "reader came") })
	close(src.begin)
	w.eventually("sound sent to it", func() bool {
		st, err := w.hub.Lookup("x")
		if err != nil {
			return false
		}
		x := st.Info(true).Sessions
		return len(x) == 1 && x[0].Sent > 10_000
	})
}

// TestCloseWhileReaderWaits: nothing of a waiting request outlives Close.
func TestCloseWhileReaderWaits(t *testing.T) {
	w := newWorld(t, Config{})
	p, err := w.hub.Pull("x", "test", true, slowSource{make(chan struct{})})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	c := w.caller()
	c.send(conclusion(c.cookie(), "read:live/x"), nil)
	w.eventually("the request there", func() bool { return len(w.s.slots) == 1 })
	w.s.Close()
	if n := len(w.s.slots); n != 0 {
		t.Errorf("got %d connections after Close, want none", n)
	}
}
