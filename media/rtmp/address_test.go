package rtmp

import (
	"errors"
	"strings"
	"testing"

	"xianfeng/media"
)

func TestTargetFindsNameAndKeyWhereverClientsPutThem(t *testing.T) {
	for _, x := range []struct{ what, app, tcURL, stream, name, key string }{
		{"OBS", "live", "rtmp://h/live", "cam?key=k1", "cam", "k1"},
		{"ffmpeg", "live", "rtmp://h:1935/live", "cam?key=a+b%2Fc", "cam", "a+b/c"},
		{"gortmplib", "live/cam?key=k1", "rtmp://h/live/cam?key=k1", "", "cam", "k1"},
		{"app with key", "live?key=k1", "rtmp://h/live?key=k1", "cam", "cam", "k1"},
		{"address with key", "live", "rtmp://h/live?key=k1", "cam", "cam", "k1"},
		{"stream key wins", "live?key=old", "", "cam?key=new", "cam", "new"},
		{"other parameters", "live", "", "cam?a=1&key=k&b", "cam", "k"},
		{"slashes", "/live/", "", "/cam/", "cam", ""},
		{"no escape", "live", "", "cam?key=100%", "cam", "100%"},
	} {
		name, key, err := target(x.app, x.tcURL, x.stream)
		if err != nil || name != x.name || key != x.key {
			t.Errorf("%s: got %q, %q, %v; want %q, %q", x.what, name, key, err, x.name, x.key)
		}
	}
}

func TestTargetRefusesWhatIsNoName(t *testing.T) {
	for _, x := range [][2]string{
		{"", ""},
		{"live", ""},
		{"other", "cam"},
		{"live", "../cam"},
		{"live", "a..b"},
		{"live", "a/b"},
		{"live", strings.Repeat("a", 10000)},
		{"live", "a b"},
		{"livecam", ""},
	} {
		if name, _, err := target(x[0], "", x[1]); !errors.Is(err, media.ErrBadName) {
			t.Errorf("%.20q: got %.20q, %v; want ErrBadName", x, name, err)
		}
	}
}

func FuzzTarget(f *testing.F) {
	f.Add("live", "rtmp://h/live", "cam?key=k")
	f.Add("live/cam?key=k", "", "")
	f.Add("?", "%", "&&key=%zz")
	f.Fuzz(func(t *testing.T, app, tcURL, stream string) {
		name, _, err := target(app, tcURL, stream)
		if err == nil && media.CheckName(name) != nil {
			t.Errorf("got %q, which is no name, without an error", name)
		}
	})
}
