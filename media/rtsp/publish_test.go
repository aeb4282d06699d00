package rtsp

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/pion/rtcp"

	"xianfeng/media"
)

// Every codec, published by a client over TCP or UDP, comes out at another as it went in.
func TestEveryCodecThroughTheServer(t *testing.T) {
	tracks := []media.Track{
		h264Track,
		{Codec: media.H265},
		{Codec: media.AV1},
		{Codec: media.VP8},
		{Codec: media.VP9},
		aacTrack, opusTrack, pcmaTrack,
		{Codec: media.PCMU, SampleRate: 16000, Channels: 2},
	}
	for _, transport := range []gortsplib.Transport{gortsplib.TransportTCP, gortsplib.TransportUDP} {
		for _, track := range tracks {
			t.Run(track.Codec.String()+" "+transport.String(), func(t *testing.T) {
				const n = 30
				f := newFixture(t, openGate, Config{}, media.HubConfig{})
				r := f.record("a", transport, track)
				r.write(t, 0, 0, sample(track.Codec, 0, n, 5000))
				f.ready("a")
				p := f.mustPlay(f.url("a"), transport)
				for i := 1; i < n; i++ {
					r.write(t, 0, time.Duration(i)*20*time.Millisecond, sample(track.Codec, i, n, 500*(i%7)))
				}
				f.eventually("all units came", func() bool {
					got, _ := p.units(t, 0)
					return len(got) == n
				})
				got, stamps := p.units(t, 0)
				for i := range got {
					if want := sample(track.Codec, i, n, 500*(i%7)); i > 0 && !bytes.Equal(bytes.Join(got[i], nil), bytes.Join(want, nil)) {
						t.Errorf("unit %d: got %d bytes, want %d", i, len(bytes.Join(got[i], nil)), len(bytes.Join(want, nil)))
					}
					if want := uint32(track.ClockRate() / 50); i > 0 && stamps[i]-stamps[i-1] != want {
						t.Errorf("unit %d: time stamp after %d ticks, want %d", i, stamps[i]-stamps[i-1], want)
					}
				}
				p.checkSequence(t, 0)
			})
		}
	}
}

func TestAnnounceWithWrongKey(t *testing.T) {
	f := newFixture(t, strictGate, Config{}, media.HubConfig{})
	transport := gortsplib.TransportTCP
	for _, query := range []string{"?key=wrongwrong", ""} {
		c := &gortsplib.Client{Transport: &transport}
		err := c.StartRecording(f.url("a")+query, descriptionOf(t, h264Track))
		if err == nil || !strings.Contains(err.Error(), "401") && !strings.Contains(err.Error(), "auth") {
			t.Errorf("key %q: got error %v, want 401", query, err)
		}
		c.Close()
	}
	f.eventually("refusals are logged", func() bool { return f.count("request refused") >= 2 })
	if f.count("wrongwrong") != 0 {
		t.Error("the log contains the key")
	}
	out, err := f.run("ffmpeg", append([]string{"-hide_banner", "-loglevel", "error", "-nostdin"}, publishArgs("tcp", f.url("a")+"?key=wrongwrong", source(x264, nil))...)...)
	if err == nil || !strings.Contains(out, "401") {
		t.Errorf("ffmpeg: got %v, want 401\n%s", err, out)
	}
}

func TestKeyInQueryOrPassword(t *testing.T) {
	f := newFixture(t, strictGate, Config{}, media.HubConfig{})
	transport := gortsplib.TransportTCP
	for i, url := range []string{
		f.url("a") + "?key=sesame",
		strings.Replace(f.url("b"), "rtsp://", "rtsp://anyone:sesame@", 1),
	} {
		r := &recorder{Client: &gortsplib.Client{Transport: &transport}, desc: descriptionOf(t, h264Track)}
		if err := r.StartRecording(url, r.desc); err != nil {
			t.Errorf("address %d: %v", i, err)
		}
		r.Close()
	}
	f.ffmpeg(publishArgs("tcp", f.url("c")+"?key=sesame", source(x264, aac))...)
	f.ready("c")
	if out, err := f.run("ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-show_streams", f.url("c")+"?key=sesame"); err != nil || !strings.Contains(out, "codec_name=h264") {
		t.Errorf("ffprobe: %v\n%s", err, out)
	}
	if out, err := f.run("ffprobe", "-v", "error", "-rtsp_transport", "tcp", f.url("c")); err == nil || !strings.Contains(out, "401") {
		t.Errorf("ffprobe without key: got %v, want 401\n%s", err, out)
	}
}

func TestSecondPublisherIsRefused(t *testing.T) {
	f := newFixture(t, openGate, Config{}, media.HubConfig{})
	f.record("a", gortsplib.TransportTCP, h264Track)
	transport := gortsplib.TransportTCP
	c := &gortsplib.Client{Transport: &transport}
	defer c.Close()
	if err := c.StartRecording(f.url("a"), descriptionOf(t, h264Track)); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("got %v, want 403", err)
	}
}

func TestAnnounceWithoutUsableTracks(t *testing.T) {
	f := newFixture(t, openGate, Config{}, media.HubConfig{})
	head := "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
	for name, c := range map[string]struct {
		sdp  string
		want base.StatusCode
	}{
		"no media":      {head, base.StatusBadRequest},
		"unknown codec": {head + "m=video 0 RTP/AVP 26\r\na=control:0\r\n", base.StatusUnsupportedMediaType},
		"not SDP":       {"\x00\x01garbage", base.StatusBadRequest},
	} {
		got := f.raw().do(base.Announce, f.url("a"), base.Header{"Content-Type": base.HeaderValue{"application/sdp"}}, []byte(c.sdp))
		if got.StatusCode != c.want {
			t.Errorf("%s: got %d %s, want %d", name, got.StatusCode, got.StatusMessage, c.want)
		}
	}
	if len(f.hub.Streams()) != 0 {
		t.Error("a stream came to be")
	}
}

func TestKickClosesPublisherAndReaders(t *testing.T) {
	for _, transport := range []gortsplib.Transport{gortsplib.TransportTCP, gortsplib.TransportUDP} {
		t.Run(transport.String(), func(t *testing.T) {
			f := newFixture(t, openGate, Config{}, media.HubConfig{})
			r := f.record("a", transport, h264Track)
			r.write(t, 0, 0, sample(media.H264, 0, 1, 100))
			f.ready("a")
			p := f.mustPlay(f.url("a"), transport)
			f.eventually("the reader is counted", func() bool { return f.ready("a").Info(false).Readers["rtsp"] == 1 })
			if err := f.hub.Kick("a"); err != nil {
				t.Fatal(err)
			}
			if err := p.Wait(); err == nil {
				t.Error("the reader's session went on")
			}
			if err := r.Wait(); err == nil {
				t.Error("the publisher's session went on")
			}
			f.eventually("all connections are closed", func() bool { return f.srv.conns.Load() == 0 })
		})
	}
}

func TestSilentUDPPublisherTimesOut(t *testing.T) {
	f := newFixture(t, openGate, Config{Stalled: time.Second}, media.HubConfig{Grace: time.Millisecond})
	r := f.record("a", gortsplib.TransportUDP, h264Track)
	r.write(t, 0, 0, sample(media.H264, 0, 1, 100))
	f.ready("a")
	f.eventually("the stream is gone", func() bool { return len(f.hub.Streams()) == 0 })
}

// The sender's wall clock reaches the stream's programme time.
func TestCaptureTimeFromSenderReports(t *testing.T) {
	f := newFixture(t, openGate, Config{}, media.HubConfig{})
	r := f.record("a", gortsplib.TransportTCP, h264Track)
	const behind = 300 * time.Millisecond
	began := time.Now().Add(-behind)
	// The source must be known before its report means anything.
	r.write(t, 0, 0, [][]byte{mark(0, 10, 0x41)})
	pkts := r.packers[0].Packets(nil, &media.Unit{PTS: 0, Payload: [][]byte{{0x41, 0}}})
	_ = pkts
	ssrc := r.Stats().Session.Medias[r.desc.Medias[0]].Formats[r.desc.Medias[0].Formats[0]].LocalSSRC
	if err := r.WritePacketRTCP(r.desc.Medias[0], &rtcp.SenderReport{SSRC: ssrc, NTPTime: toNTP(began), RTPTime: 0}); err != nil {
		t.Fatal(err)
	}
	r.write(t, 0, 20*time.Millisecond, sample(media.H264, 0, 1, 100))
	s := f.ready("a")
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	u, err := s.NewReader().Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := u.Time, began.Add(20*time.Millisecond); got.Sub(want).Abs() > time.Millisecond {
		t.Errorf("programme time: got %v, want %v", got, want)
	}
}

func TestNTPTimes(t *testing.T) {
	for _, want := range []time.Time{time.Unix(0, 0), time.Unix(1700000000, 999999999), time.Unix(1700000000, 500000000)} {
		if got := fromNTP(toNTP(want)); got.Sub(want).Abs() > time.Nanosecond {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	if got := toNTP(time.Unix(0, 500000000)); got != ntpEpoch<<32|1<<31 {
		t.Errorf("half a second: got %x", got)
	}
}
