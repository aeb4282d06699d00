package main

import "time"

// frames follows the access units of one H.264 track through its RTP packets. One goroutine feeds it.
type frames struct {
	ts     uint32
	begun  bool // a packet of this access unit came
	intact bool // from its first packet on, without a gap
	key    bool
	stamp  time.Time
	ended  bool // the one before came to its end, so the next packet begins one
}

// unit is what an access unit was when its last packet came.
type unit struct {
	stamp  time.Time // zero: none found
	key    bool
	intact bool
}

// packet takes the next packet in sequence, gap telling that some before it are missing. It returns
// the access unit that ends with it, if one does.
func (f *frames) packet(payload []byte, ts uint32, marker, gap bool) (unit, bool) {
	if !f.begun || ts != f.ts {
		*f = frames{ts: ts, begun: true, intact: (f.ended || opens(payload)) && !gap}
	}
	f.intact = f.intact && !gap
	f.look(payload)
	f.ended = marker
	if !marker {
		return unit{}, false
	}
	f.begun = false
	return unit{f.stamp, f.key, f.intact}, true
}

// broken says that packets are missing, of this access unit or of the next.
func (f *frames) broken() { f.intact, f.ended = false, false }

// opens reports whether a payload can only be an access unit's first: parameter sets are (RFC 6184 §5.2,
// ITU-T H.264 §7.4.1.2.3).
func opens(p []byte) bool {
	if len(p) > 3 && p[0]&31 == 24 {
		p = p[3:]
	}
	return len(p) > 0 && (p[0]&31 == 7 || p[0]&31 == 9)
}

// look finds key frames and the stamp, which is too short to be fragmented (RFC 6184 §5.4).
func (f *frames) look(p []byte) {
	if len(p) < 2 {
		return
	}
	switch p[0] & 31 {
	case 5:
		f.key = true
	case 6:
		f.find(p)
	case 24:
		f.find(p)
		for rest := p[1:]; len(rest) > 2; {
			n := int(rest[0])<<8 | int(rest[1])
			if n == 0 || len(rest) < 2+n {
				return
			}
			f.key = f.key || rest[2]&31 == 5
			rest = rest[2+n:]
		}
	case 28:
		f.key = f.key || p[1]&0x80 != 0 && p[1]&31 == 5
	}
}

func (f *frames) find(p []byte) {
	findStamps(p, func(t time.Time) { f.stamp = t })
}
