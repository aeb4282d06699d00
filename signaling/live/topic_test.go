package live

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"xianfeng/internal/errs"
	"xianfeng/media"
	"xianfeng/signaling"
	"xianfeng/signaling/ws"
)

var _ ws.Provider = (*Topics)(nil)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func value(t *testing.T, x *Topics, topic string) (s state) {
	t.Helper()
	b, _, err := x.Value(t.Context(), topic, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// Whoever goes by the topic, and reads it when it was touched, is right to the millisecond about every unit.
func TestTopicSaysWhereAStreamLies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := media.NewHub(media.HubConfig{})
		defer hub.Close()
		x := New(hub, media.GateFunc(func(media.Access) error { return nil }))
		touched := map[string]int{}
		hub.OnNews(func(name string) { touched[Tag(name)]++ })
		if s := value(t, x, "stream:hall"); s.Live || s.Map != nil {
			t.Errorf("a stream that is not there: %+v", s)
		}
		p, err := hub.Publish(media.PublishRequest{Name: "hall", Tracks: []media.Track{{Codec: media.Opus, SampleRate: 48000, Channels: 2}}})
		if err != nil {
			t.Fatal(err)
		}
		if s := value(t, x, "stream:hall"); touched["stream:hall"] == 0 || !s.Live || s.Map != nil {
			t.Errorf("touched %v before the first unit: %+v", touched, s)
		}
		r := p.Stream().NewReader()
		var s state
		seen := touched["stream:hall"]
		for i := range 3000 { // its clock runs 200 ppm fast
			pts := time.Duration(i) * 20004 * time.Microsecond
			if i == 2000 {
				pts += time.Hour
			}
			if err := p.Write(0, media.Sample{PTS: pts, Payload: [][]byte{{0xfc, 0xff, 0xfe}}}); err != nil {
				t.Fatal(err)
			}
			u, err := r.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if n := touched["stream:hall"]; n != seen {
				seen, s = n, value(t, x, "stream:hall")
			}
			d := u.PTS.Seconds() - s.Map.PTS
			at := s.Map.At + 1000*d*(1+s.Map.Slope/1e6)
			if off := at - float64(u.Time.UnixMicro())/1000; off < -1.01 || off > 1.01 || s.Epoch != u.Epoch || !s.Live {
				t.Fatalf("unit %d: %.3f ms off, %+v", i, off, s)
			}
			time.Sleep(20 * time.Millisecond)
		}
		if seen > 30 {
			t.Errorf("touched %d times in a minute", seen)
		}
		p.Close()
		if s := value(t, x, "stream:hall"); s.Live || touched["stream:hall"] == seen {
			t.Errorf("touched %d times, still live: %v", touched["stream:hall"], s.Live)
		}
	})
}

func TestTopicRespectsTheGate(t *testing.T) {
	hub := media.NewHub(media.HubConfig{})
	defer hub.Close()
	x := New(hub, media.GateFunc(func(a media.Access) error {
		if a.Stream == "secret" || a.Action != media.Read || a.Key != "" {
			return fmt.Errorf("%w: a key is needed", media.ErrDenied)
		}
		return nil
	}))
	for topic, want := range map[string]error{
		"stream:hall": nil, "stream:secret": errs.Denied, "stream:": errs.NotFound, "stream:../x": errs.NotFound,
		"stream:" + strings.Repeat("x", 65): errs.NotFound,
	} {
		tags, err := x.Open(t.Context(), &signaling.Visitor{}, topic)
		if !errors.Is(err, want) || err == nil && (len(tags) != 1 || tags[0] != topic) {
			t.Errorf("%s: got %v, %v; want %v", topic, tags, err, want)
		}
	}
}
