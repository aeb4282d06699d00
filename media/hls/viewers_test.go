package hls

import (
	"testing"
	"testing/synctest"
	"time"

	"xianfeng/media"
)

func TestViewersAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newStand(t, openGate, Config{MaxViewers: 3})
		x.play(3 * time.Second)
		count := func(want int) {
			t.Helper()
			if got := x.pub.Stream().Info(false).Viewers; got != want {
				t.Fatalf("viewers: got %d, want %d", got, want)
			}
		}
		cookie := x.get(t, "index.m3u8", nil, 200).Result().Cookies()[0]
		count(0) // an address that is only looked up is no viewer
		h := header{"Cookie": cookieName + "=" + cookie.Value}
		for range 3 {
			x.get(t, "media.m3u8", h, 200)
		}
		count(1)
		if c := x.get(t, "index.m3u8", h, 200).Result().Cookies(); len(c) > 0 {
			t.Errorf("a second cookie: %v", c)
		}
		x.get(t, x.snap().parts[0].name, h, 200)
		info := x.pub.Stream().Info(true).Sessions[0]
		if want := uint64(len(x.snap().parts[0].body)); info.Sent <= want || info.Protocol != "hls" {
			t.Errorf("session: got %+v, want more than %d bytes", info, want)
		}
		x.get(t, "media.m3u8", header{"User-Agent": "a"}, 200)
		x.get(t, "media.m3u8", header{"User-Agent": "b"}, 200)
		count(3)
		x.get(t, "media.m3u8", header{"User-Agent": "c"}, 200) // served, not counted
		count(3)
		for range 6 {
			time.Sleep(2 * time.Second)
			x.get(t, "media.m3u8", h, 200)
		}
		count(1)
		if err := x.pub.Stream().KickSession(info.ID, media.ErrKicked); err != nil {
			t.Fatal(err)
		}
		x.get(t, "media.m3u8", h, 403)
		time.Sleep(12 * time.Second)
		count(0)
		if got := x.server.counted.Load(); got != 0 {
			t.Errorf("counted: got %d, want 0", got)
		}
	})
}
