package media

import "time"

// Ticks converts d into units of 1/rate seconds, rounded to the nearest.
// Ticks(FromTicks(n, rate), rate) == n for every rate up to 1 GHz.
func Ticks(d time.Duration, rate int) int64 {
	r := int64(rate)
	sec, rest := int64(d/time.Second), int64(d%time.Second)
	if rest < 0 {
		sec, rest = sec-1, rest+int64(time.Second)
	}
	return sec*r + (rest*r+int64(time.Second)/2)/int64(time.Second)
}

// FromTicks converts n units of 1/rate seconds into a duration, rounded to the nearest nanosecond.
func FromTicks(n int64, rate int) time.Duration {
	r := int64(rate)
	sec, rest := n/r, n%r
	if rest < 0 {
		sec, rest = sec-1, rest+r
	}
	return time.Duration(sec)*time.Second + time.Duration((rest*int64(time.Second)+r/2)/r)
}
