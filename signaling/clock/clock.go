// Package clock owns the exchange of four time stamps by which a page learns the server's time (as NTP does,
// RFC 5905 §8): the page sends when it asks (A), the server answers when that came (B) and when the answer left
// (C), the page notes when it came (D). All are milliseconds; A and D are of the page's clock, whatever that
// began at, B and C of the server's, since 1970.
//
// It refuses to judge what pages send: A is given back as it came and enters nothing of the server's. Which
// exchanges are good is the page's to decide (web/kit/script/clock.js).
package clock

import "time"

// Stamp is a time as it goes over the wire, to the microsecond.
func Stamp(t time.Time) float64 { return float64(t.UnixMicro()) / 1000 }

// Exchange is one exchange, as the page sees it in the end.
type Exchange struct{ A, B, C, D float64 }

// Offset is what the page's clock has to be put forward by to show the server's time, if both ways took equally long.
// It is wrong by half the round trip at most, however unequal they were.
func (x Exchange) Offset() float64 { return ((x.B - x.A) + (x.C - x.D)) / 2 }

// RTT is how long the exchange was on its way.
func (x Exchange) RTT() float64 { return (x.D - x.A) - (x.C - x.B) }
