package rtc

import (
	"testing"

	"xianfeng/media"
	"xianfeng/media/datagram"
)

func TestGroupsSpreadOverWorkers(t *testing.T) {
	hub := media.NewHub(media.HubConfig{})
	t.Cleanup(hub.Close)
	tr := New(Config{})
	tr.sock = &datagram.Socket{}
	for range 3 {
		tr.workers = append(tr.workers, newWorker(tr.sock))
	}
	stream := func(name string) *media.Stream {
		p, err := hub.Publish(media.PublishRequest{Name: name, Tracks: []media.Track{h264Track, opusTrack}})
		if err != nil {
			t.Fatal(err)
		}
		return p.Stream()
	}
	take := func(s *media.Stream, n int) (got []*Group) {
		for range n {
			g, err := tr.group(s, 0)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, g)
		}
		return got
	}
	a, b := stream("a"), stream("b")
	few := take(a, 5)
	for _, g := range few {
		if g != few[0] {
			t.Error("a stream with few viewers has more than one worker")
		}
	}
	if other := take(b, 1); other[0].w == few[0].w {
		t.Error("the second stream went to the busy worker")
	}
	many := take(a, 5*crowd)
	count := map[*Group]int{few[0]: 5}
	for _, g := range many {
		count[g]++
	}
	if len(count) != len(tr.workers) {
		t.Errorf("a crowd has %d workers, want all %d", len(count), len(tr.workers))
	}
	for g, n := range count {
		if n < crowd || n > 2*crowd {
			t.Errorf("%d viewers with worker %p of %d", n, g.w, 5*crowd)
		}
	}
	for _, g := range append(few, many...) {
		tr.release(g)
	}
	if len(tr.groups) != 1 {
		t.Errorf("%d streams have groups, want the second alone", len(tr.groups))
	}
	for _, w := range tr.workers {
		w.pass()
		if len(w.groups)+len(w.timed)+len(w.marked) != 0 {
			t.Error("the worker holds on to groups")
		}
	}
	if again := take(a, 1)[0]; again == few[0] || again.empty {
		t.Error("a group that was let go is used again")
	}
}
