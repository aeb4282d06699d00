package keys

import (
	"errors"
	"strings"
	"testing"

	"xianfeng/media"
)

func TestAllow(t *testing.T) {
	var r Ring
	if err := r.Allow(media.Access{Action: media.Read, Stream: "a"}); !errors.Is(err, media.ErrDenied) {
		t.Errorf("an empty ring: got %v, want ErrDenied", err)
	}
	r.Set([]string{"open*"}, []Rule{{Key: "county-key", Publish: []string{"county-*"}, Read: []string{"*"}}, {Key: "hall-key", Read: []string{"hall"}}})
	for _, c := range []struct {
		action      media.Action
		stream, key string
		want        bool
	}{
		{media.Read, "open1", "", true},
		{media.Read, "open1", "wrong", true},
		{media.Publish, "open1", "", false},
		{media.Read, "hall", "", false},
		{media.Read, "hall", "hall-key", true},
		{media.Read, "hall", "county-key", true},
		{media.Publish, "hall", "hall-key", false},
		{media.Publish, "county-1", "county-key", true},
		{media.Publish, "county", "county-key", false},
		{media.Publish, "county-1", "county-ke", false},
		{media.Publish, "county-1", "county-key2", false},
	} {
		err := r.Allow(media.Access{Action: c.action, Stream: c.stream, Key: c.key})
		if (err == nil) != c.want || err != nil && !errors.Is(err, media.ErrDenied) {
			t.Errorf("%s %s with %q: got %v, want %v", c.action, c.stream, c.key, err, c.want)
		}
		if err != nil && c.key != "" && strings.Contains(err.Error(), c.key) {
			t.Errorf("the error repeats the key: %v", err)
		}
	}
}
