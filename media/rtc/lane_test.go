package rtc

import (
	"testing"
	"time"
)

// filled is a ring with pictures of three packets at 25 a second, the first one a key frame.
func filled(pics int) *ring {
	r := &ring{}
	for i := range pics {
		grow(r, i)
	}
	return r
}

func grow(r *ring, i int) {
	for j := range 3 {
		r.add(pkt{payload: []byte{byte(i), byte(j)}, at: time.Duration(i) * 40 * time.Millisecond, pic: uint32(i), ts: uint32(i) * 3600, marker: j == 2}, i == 0 && j == 0)
	}
}

func TestRingKeepsTheGroupOfPicturesAndASecond(t *testing.T) {
	r := filled(1000)
	if !r.hasKey || r.first != 0 || r.next != 3000 {
		t.Fatalf("got %d to %d, key %v; want everything since the key frame", r.first, r.next, r.hasKey)
	}
	r.add(pkt{at: 1000 * 40 * time.Millisecond}, true)
	for i := 1001; i < 1100; i++ {
		grow(r, i)
	}
	if span := r.newest().at - r.at(r.first).at; !r.hasKey || r.first > r.key || span > 5*time.Second || span < time.Second {
		t.Errorf("got %v from %d on, key at %d; want the new group of pictures", span, r.first, r.key)
	}
	for i := 1100; i < 1100+ringLimit; i++ {
		grow(r, i)
	}
	if r.hasKey || r.next-r.first != ringLimit {
		t.Errorf("got %d packets, key %v; want %d without a key frame", r.next-r.first, r.hasKey, ringLimit)
	}
}

func TestAnIndexAlwaysMeansTheSamePacket(t *testing.T) {
	r := filled(50)
	l := &lane{now: span{base: 32767, first: 32767}}
	type sent struct {
		pos uint64
		ts  uint32
	}
	seen := map[uint64]sent{}
	next, last := l.next(), uint32(0)
	emit := func() {
		for l.cursor < r.next {
			p := r.at(l.cursor)
			if l.next() != next {
				t.Fatalf("index %d, want %d", l.next(), next)
			}
			ts := l.now.timestamp(l.cursor, p)
			if len(seen) > 0 && int32(ts-last) < 0 {
				t.Fatalf("timestamp %d after %d", ts, last)
			}
			seen[next], last = sent{l.cursor, ts}, ts
			l.cursor++
			next++
		}
	}
	l.catchUp(r)
	emit()
	for i := 50; i < 60; i++ {
		grow(r, i)
		emit()
	}
	l.repeat(r)
	emit()
	grow(r, 60)
	emit()
	found := 0
	for index, want := range seen {
		pos, got, s, ok := l.find(uint16(index))
		if !ok {
			continue
		}
		found++
		if got != index || pos != want.pos || s.timestamp(pos, r.at(pos)) != want.ts {
			t.Fatalf("index %d: found %d at %d with timestamp %d; sent was %+v", index, got, pos, s.timestamp(pos, r.at(pos)), want)
		}
	}
	if found != len(seen) {
		t.Errorf("found %d of %d", found, len(seen))
	}
	if _, _, _, ok := l.find(uint16(next)); ok {
		t.Error("found a packet that was not sent yet")
	}
	if _, _, _, ok := l.find(uint16(32766)); ok {
		t.Error("found a packet before the first")
	}
}

func TestResendsAreBounded(t *testing.T) {
	var a allowance
	now := time.Unix(1, 0)
	a.init(now)
	if !a.allow(5, now, resendRate) || a.allow(5, now, resendRate) || !a.allow(5, now.Add(time.Second), resendRate) {
		t.Error("the same packet must go out again, but not at once")
	}
	n := 0
	for i := range uint64(100000) {
		if a.allow(i, now.Add(time.Second), resendRate) {
			n++
		}
	}
	if n > resendBurst {
		t.Errorf("%d resends in a moment, want at most %d", n, resendBurst)
	}
}
