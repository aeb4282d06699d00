package hls

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"xianfeng/media"
)

// writeAll publishes the whole clip as fast as the stream's reader follows, so that nothing is skipped.
func writeAll(t *testing.T, s *Server, c *clip, p *media.Publisher) {
	t.Helper()
	next := 400 * time.Millisecond
	var hint uint64
	c.write(p, 0, clipLength, func(at time.Duration) bool {
		if at >= next {
			until(t, "parts", func() bool { return s.lookup("cam").mux.now.Load().hint > hint })
			hint = s.lookup("cam").mux.now.Load().hint
			next = at + 400*time.Millisecond
		}
		return true
	})
}

func TestProgramsDecodeWhatHasEnded(t *testing.T) {
	c := newClip(t)
	hub := media.NewHub(media.HubConfig{})
	s, url := serve(t, hub, Config{})
	p := publish(t, hub, "cam", c.tracks())
	writeAll(t, s, c, p)
	if err := hub.Kick("cam"); err != nil {
		t.Fatal(err)
	}
	until(t, "end of the playlist", func() bool { return s.lookup("cam").mux.now.Load().ended })

	// ffprobe counts what it could decode; every complaint of the decoders fails the test.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	probe := exec.CommandContext(ctx, "ffprobe", "-v", "warning", "-count_frames", "-show_entries",
		"stream=codec_name,nb_read_frames,width,channels", "-of", "json", url+"/live/cam/media.m3u8")
	var complaints bytes.Buffer
	probe.Stderr = &complaints
	out, err := probe.Output()
	if err != nil {
		t.Fatalf("ffprobe: %v: %s", err, complaints.String())
	}
	for line := range strings.Lines(complaints.String()) {
		// Said of every tag of low latency by programs that do not know it.
		if !strings.Contains(line, "Skip ('#EXT-X-") {
			t.Errorf("ffprobe: %s", line)
		}
	}
	var got struct {
		Streams []struct {
			Codec    string `json:"codec_name"`
			Frames   string `json:"nb_read_frames"`
			Width    int    `json:"width"`
			Channels int    `json:"channels"`
		} `json:"streams"`
	}
	if err := json.Unmarshal(out, &got); err != nil || len(got.Streams) != 2 {
		t.Fatalf("ffprobe: %v: %s", err, out)
	}
	for _, x := range got.Streams {
		n, _ := strconv.Atoi(x.Frames)
		switch {
		case x.Codec == "h264" && x.Width == 320 && n == 150:
		case x.Codec == "aac" && x.Channels == 2 && n >= 279:
		default:
			t.Errorf("ffprobe: got %+v", x)
		}
	}
}

func TestFFmpegPlaysLive(t *testing.T) {
	c := newClip(t)
	hub := media.NewHub(media.HubConfig{})
	_, url := serve(t, hub, Config{})
	p := publish(t, hub, "cam", c.tracks())
	var stop atomic.Bool
	done := make(chan struct{})
	go func() { // ends with stop
		defer close(done)
		began := time.Now()
		c.write(p, 0, time.Hour, func(at time.Duration) bool {
			time.Sleep(time.Until(began.Add(at))) // the pace of a camera; nothing is asserted of it
			return !stop.Load()
		})
	}()
	defer func() { stop.Store(true); <-done }()
	out := ffmpeg(t, "-xerror", "-i", url+"/live/cam/index.m3u8", "-t", "3", "-map", "0:v", "-map", "0:a", "-f", "framecrc", "-")
	pictures, sound := bytes.Count(out, []byte("\n0, ")), bytes.Count(out, []byte("\n1, "))
	if pictures < 70 || sound < 120 {
		t.Errorf("got %d pictures and %d packets of sound, want 3 s of them", pictures, sound)
	}
}

func TestEndedStreamsSayGoodbye(t *testing.T) {
	c := newClip(t)
	hub := media.NewHub(media.HubConfig{})
	s, url := serve(t, hub, Config{})
	p := publish(t, hub, "cam", c.tracks())
	writeAll(t, s, c, p)
	old := s.lookup("cam").mux.now.Load()
	waiter := make(chan string, 1)
	go func() { // ends with the answer
		_, b := fetch(t, url+"/live/cam/media.m3u8?_HLS_msn="+strconv.FormatUint(old.msn, 10)+"&_HLS_part=9")
		waiter <- b
	}()
	if err := hub.Kick("cam"); err != nil {
		t.Fatal(err)
	}
	// Blocked requests get the end at once, or the playlist of a moment ago if they came before it.
	if b := <-waiter; !strings.Contains(b, "#EXTM3U") {
		t.Errorf("waiter: got %q", b)
	}
	until(t, "end of the playlist", func() bool {
		code, b := fetch(t, url+"/live/cam/media.m3u8")
		return code == 200 && strings.Contains(b, "#EXT-X-ENDLIST")
	})
	if code, _ := fetch(t, url+"/live/cam/index.m3u8"); code != 404 {
		t.Errorf("a new viewer of what has ended: got %d, want 404", code)
	}

	// The same name again: numbers go on growing, names are new.
	p = publish(t, hub, "cam", c.tracks())
	writeAll(t, s, c, p)
	x := s.lookup("cam").mux.now.Load()
	if x.kept[0].msn <= old.msn || x.id == old.id {
		t.Errorf("the new stream begins with %d and %q, the old one ended at %d, %q", x.kept[0].msn, x.id, old.msn, old.id)
	}
}

func fetch(t *testing.T, url string) (int, string) {
	r, err := http.Get(url)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	return r.StatusCode, string(b)
}

func TestOnDemandStartsAtTheFirstRequest(t *testing.T) {
	c := newClip(t)
	hub := media.NewHub(media.HubConfig{})
	s, url := serve(t, hub, Config{OnDemand: true})
	p := publish(t, hub, "cam", c.tracks())
	c.write(p, 0, 2*time.Second, nil)
	if s.lookup("cam") != nil {
		t.Fatal("cut before anybody asked")
	}
	if code, b := fetch(t, url+"/live/cam/index.m3u8"); code != 200 {
		t.Fatalf("got %d %s", code, b)
	}
}
