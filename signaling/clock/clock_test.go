package clock

import (
	"math"
	"testing"
	"time"
)

func TestStampKeepsMicroseconds(t *testing.T) {
	at := time.Date(2026, 12, 1, 8, 0, 0, 123_456_789, time.UTC)
	if got, want := Stamp(at), float64(at.Unix())*1000+123.456; math.Abs(got-want) > 0.0005 {
		t.Errorf("got %f, want %f", got, want)
	}
}

func TestOffsetIsWrongByHalfTheRoundTripAtMost(t *testing.T) {
	const offset = 1.7e12
	for _, way := range []struct{ out, back, inside float64 }{{5, 5, 0}, {100, 0, 3}, {0, 100, 1}, {3, 90, 0.2}, {0, 0, 0}} {
		x := Exchange{A: 1000, B: 1000 + way.out + offset}
		x.C = x.B + way.inside
		x.D = x.C + way.back - offset
		if got, want := x.RTT(), way.out+way.back; math.Abs(got-want) > 0.001 {
			t.Errorf("%+v: round trip: got %f, want %f", way, got, want)
		}
		if got := math.Abs(x.Offset() - offset); got > x.RTT()/2+0.001 {
			t.Errorf("%+v: offset is wrong by %f, more than half of %f", way, got, x.RTT())
		}
	}
}
