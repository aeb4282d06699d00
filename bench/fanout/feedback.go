package main

import (
	"slices"
	"time"

	"github.com/pion/rtcp"
)

// A viewer's browser sends receiver reports and NACKs; so do these.
const (
	reportEvery = time.Second
	nackEvery   = 100 * time.Millisecond
	nackTries   = 5
	maxMissing  = 512 // more: the oldest are given up
)

// feedback is what one RTP stream tells its sender. The viewer's goroutine owns it.
type feedback struct {
	ssrc    uint32
	nacks   bool
	missing []missing // in order

	base, highest   uint32 // extended sequence numbers
	have            bool
	got             uint32 // packets
	gotThen, expect uint32 // at the last report
	lastSR          uint32
	lastSRAt        time.Time
}

type missing struct {
	seq   uint16
	tries int
}

// packet notes one packet, before which lost were missing.
func (f *feedback) packet(seq uint16, lost int) {
	f.got++
	if !f.have {
		f.have, f.base, f.highest = true, uint32(seq), uint32(seq)
		return
	}
	if d := int16(seq - uint16(f.highest)); d > 0 {
		f.highest += uint32(d)
		for i := lost; i > 0 && f.nacks; i-- {
			f.missing = append(f.missing, missing{seq: seq - uint16(i)})
		}
		if over := len(f.missing) - maxMissing; over > 0 {
			f.missing = slices.Delete(f.missing, 0, over)
		}
		return
	}
	f.found(seq)
}

// found strikes a packet that came late or was sent again.
func (f *feedback) found(seq uint16) {
	f.missing = slices.DeleteFunc(f.missing, func(m missing) bool { return m.seq == seq })
}

// nack returns what to ask for again, or nil.
func (f *feedback) nack() rtcp.Packet {
	f.missing = slices.DeleteFunc(f.missing, func(m missing) bool { return m.tries >= nackTries })
	if len(f.missing) == 0 {
		return nil
	}
	seqs := make([]uint16, 0, len(f.missing))
	for i := range f.missing {
		f.missing[i].tries++
		seqs = append(seqs, f.missing[i].seq)
	}
	return &rtcp.TransportLayerNack{SenderSSRC: 1, MediaSSRC: f.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(seqs)}
}

// senderReport notes what the next report has to refer to.
func (f *feedback) senderReport(sr *rtcp.SenderReport, now time.Time) {
	f.lastSR, f.lastSRAt = uint32(sr.NTPTime>>16), now
}

// report returns this stream's block of a receiver report (RFC 3550 §6.4.1, §A.3).
func (f *feedback) report(now time.Time) rtcp.ReceptionReport {
	expected := f.highest - f.base + 1
	r := rtcp.ReceptionReport{SSRC: f.ssrc, LastSequenceNumber: f.highest, TotalLost: max(expected, f.got) - f.got}
	if due, came := expected-f.expect, f.got-f.gotThen; due > came {
		r.FractionLost = uint8(min(255, 256*(due-came)/due))
	}
	f.expect, f.gotThen = expected, f.got
	if f.lastSR != 0 {
		r.LastSenderReport, r.Delay = f.lastSR, uint32(now.Sub(f.lastSRAt).Seconds()*65536)
	}
	return r
}
