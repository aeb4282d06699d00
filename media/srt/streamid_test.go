package srt

import (
	"errors"
	"strings"
	"testing"

	"xianfeng/media"
)

func TestParseStreamID(t *testing.T) {
	for _, x := range []struct {
		id   string
		want access
		err  error
	}{
		{"publish:live/x", access{media.Publish, "x", ""}, nil},
		{"publish:live/x?key=a%20b", access{media.Publish, "x", "a b"}, nil},
		{"read:/live/x/?other=1&key=k", access{media.Read, "x", "k"}, nil},
		{"#!::r=live/x", access{media.Read, "x", ""}, nil},
		{"#!::r=live/x,m=request,s=k=1,u=me,h=host,t=stream", access{media.Read, "x", "k=1"}, nil},
		{"#!::m=publish,r=live/x", access{media.Publish, "x", ""}, nil},
		{"#!:{r=live/x}", access{}, errMode},
		{"publish:x", access{}, media.ErrBadName},
		{"publish:live/a b", access{}, media.ErrBadName},
		{"publish:live/" + strings.Repeat("x", 10000), access{}, media.ErrBadName},
		{"live/x", access{}, errStreamID},
		{"", access{}, errStreamID},
		{"play:live/x", access{}, errMode},
		{"#!::m=bidirectional,r=live/x", access{}, errMode},
		{"#!::t=auth,r=live/x", access{}, errType},
		{"#!::m=publish", access{}, media.ErrBadName},
		{"#!::", access{}, errStreamID},
	} {
		got, err := parseStreamID(x.id)
		if !errors.Is(err, x.err) || err == nil && got != x.want {
			t.Errorf("%.60q: got %+v, %v; want %+v, %v", x.id, got, err, x.want, x.err)
		}
	}
}

func FuzzParseStreamID(f *testing.F) {
	for _, s := range []string{"publish:live/x?key=k", "read:live/x", "#!::r=live/x,m=publish,s=k", "#!::", "publish:live/..", ":", "read:live/x?key=%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, id string) {
		a, err := parseStreamID(id)
		if err != nil {
			if reason(err) < 1400 || reason(err) >= 1500 {
				t.Errorf("%q: got reason %d for %v, want one that says whose fault it is", id, reason(err), err)
			}
			return
		}
		if err := media.CheckName(a.name); err != nil {
			t.Errorf("%q: got name %q: %v", id, a.name, err)
		}
		if a.action != media.Publish && a.action != media.Read {
			t.Errorf("%q: got action %q", id, a.action)
		}
	})
}
