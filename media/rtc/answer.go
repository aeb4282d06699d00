package rtc

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"xianfeng/media"
)

// answer is what we make of an offer: at most one picture and one sound.
type answer struct {
	offer  *offer
	picked [2]*picked // by videoLane, audioLane
}

const (
	videoLane = iota
	audioLane
)

// picked is an accepted section with the payload type that we send.
type picked struct {
	section int
	codec   codec
	rtx     *codec
	ssrc    uint32
	rtxSSRC uint32
	stereo  bool
	twcc    uint8 // as section.twcc, if packets are numbered
	remb    bool
}

// choose matches the offer to the group's tracks. It fails with media.ErrCodec.
func choose(o *offer, g *Group) (*answer, error) {
	a := &answer{offer: o}
	wanted := false
	for i := range o.sections {
		x := &o.sections[i]
		lane := slices.Index([]string{"video", "audio"}, x.kind)
		if lane < 0 || !x.receives || a.picked[lane] != nil || g.tracks[lane] == nil || !o.bundled(x.mid, a) {
			continue
		}
		wanted = true
		a.picked[lane] = x.pick(g.tracks[lane])
		if p := a.picked[lane]; p != nil {
			p.section = i
		}
	}
	video, audio := a.picked[videoLane], a.picked[audioLane]
	switch {
	case !wanted:
		return nil, fmt.Errorf("%w: the offer asks for nothing that the stream has (%s)", media.ErrCodec, g.codecs())
	case video == nil && audio == nil, video == nil && g.tracks[videoLane] != nil && o.asks("video"):
		return nil, fmt.Errorf("%w: the stream has %s, the offer %s", media.ErrCodec, g.codecs(), o.codecs())
	}
	return a, nil
}

// bundled reports whether a section can go over the one transport that we have.
func (o *offer) bundled(mid string, a *answer) bool {
	if slices.Contains(o.bundle, mid) {
		return true
	}
	return a.picked[videoLane] == nil && a.picked[audioLane] == nil && len(o.bundle) == 0
}

func (o *offer) asks(kind string) bool {
	return slices.ContainsFunc(o.sections, func(x section) bool { return x.kind == kind && x.receives })
}

func (o *offer) codecs() string {
	var names []string
	for _, x := range o.sections {
		for _, c := range x.codecs {
			if c.name != "" && c.name != "RTX" && len(names) < 32 && !slices.Contains(names, c.name) {
				names = append(names, fmt.Sprintf("%.16s", c.name))
			}
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// pick returns the best of the section's payload types for a track, or nil.
func (x *section) pick(t *track) *picked {
	best, score := -1, 0
	for i := range x.codecs {
		if s := suits(&x.codecs[i], t); s > score {
			best, score = i, s
		}
	}
	if best < 0 {
		return nil
	}
	p := &picked{codec: x.codecs[best], ssrc: rand.Uint32(), stereo: t.media.Channels > 1} //nolint:gosec // no secret
	if p.codec.has("nack") {
		for i := range x.codecs {
			if c := &x.codecs[i]; c.name == "RTX" && c.param("apt") == strconv.Itoa(int(p.codec.pt)) {
				p.rtx, p.rtxSSRC = c, rand.Uint32() //nolint:gosec // no secret
				break
			}
		}
	}
	// A packet that is sent again on its own stream would need the number that it had (see lane).
	if x.kind == "video" && p.rtx != nil && p.codec.has("transport-cc") {
		p.twcc = x.twcc
	}
	p.remb = x.kind == "video" && p.twcc == 0 && p.codec.has("goog-remb")
	return p
}

// suits says how well a payload type suits a track: 0 not at all. Browsers decode more than they
// promise, so among the same codec everything is taken, the nearest first.
func suits(c *codec, t *track) int {
	var params media.Params
	if p := t.params(); p != nil {
		params = *p
	}
	clock := strings.ToUpper(c.rtpmap)
	switch t.media.Codec {
	case media.H264:
		if c.name != "H264" {
			return 0
		}
		score := 1
		if c.param("packetization-mode") == "1" { // RFC 6184 §6.3: fragmentation units
			score += 8
		}
		return score + likeness(c.param("profile-level-id"), params.SPS)
	case media.H265:
		if c.name == "H265" {
			return 1
		}
	case media.VP8:
		if c.name == "VP8" {
			return 1
		}
	case media.VP9:
		if c.name != "VP9" {
			return 0
		}
		profile, _ := strconv.Atoi(c.param("profile-id")) // RFC 9628 §7.1: 0 if absent
		if profile == int(params.VP9.Profile) {
			return 2
		}
		return 1
	case media.AV1:
		if c.name == "AV1" {
			return 1
		}
	case media.Opus:
		if c.name == "OPUS" {
			return 1
		}
	case media.PCMA, media.PCMU:
		if clock == t.media.Codec.String()+"/8000" || clock == t.media.Codec.String()+"/8000/1" {
			return 1
		}
	}
	return 0
}

// likeness compares the profile of an H.264 payload type to the stream's.
func likeness(profileLevel string, sps []byte) int {
	b, err := hex.DecodeString(profileLevel)
	if err != nil || len(b) != 3 {
		b = []byte{0x42, 0x00, 0x0a} // RFC 6184 §8.1: the default is Baseline
	}
	baseline := func(profile, constraints byte) bool { return profile == 0x42 && constraints&0x40 != 0 }
	switch {
	case len(sps) >= 3 && b[0] == sps[1] && (b[1] == sps[2] || baseline(b[0], b[1]) && baseline(sps[1], sps[2])):
		return 4
	case len(sps) >= 3 && b[0] == sps[1]:
		return 3
	case baseline(b[0], b[1]): // Constrained Baseline: what every WebRTC endpoint has (RFC 7742 §6.2)
		return 2
	default:
		return 1
	}
}

// lanes is the worker's view of the answer.
func (a *answer) lanes() (out [2]lane) {
	for i, p := range a.picked {
		if p == nil {
			continue
		}
		out[i] = lane{on: true, waits: true, pt: p.codec.pt, ssrc: p.ssrc}
		// RFC 3711 §3.3.1: begin in the lower half, so that an early loss can't make the receiver guess
		// a wrong rollover counter.
		first := rand.Uint64N(1 << 15) //nolint:gosec // no secret
		out[i].now = span{base: first, first: first}
		if p.rtx != nil {
			out[i].rtxPT, out[i].rtxSSRC, out[i].twcc = p.rtx.pt, p.rtxSSRC, p.twcc
			out[i].rtx = rand.Uint64N(1 << 15) //nolint:gosec // no secret
		}
	}
	return out
}

// render writes the answer's SDP.
func (a *answer) render(v *Viewer, candidates string) []byte {
	v.t.mu.Lock()
	ufrag, pwd := v.ufrag, string(v.integrity)
	v.t.mu.Unlock()
	var b strings.Builder
	var mids []string
	for i := range a.offer.sections {
		if a.at(i) != nil {
			mids = append(mids, a.offer.sections[i].mid)
		}
	}
	fmt.Fprintf(&b, "v=0\r\no=- %d 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-lite\r\n", rand.Uint64()>>1) //nolint:gosec // no secret
	if len(a.offer.bundle) > 0 {
		fmt.Fprintf(&b, "a=group:BUNDLE %s\r\n", strings.Join(mids, " "))
	}
	fmt.Fprintf(&b, "a=msid-semantic: WMS xianfeng\r\n")
	transported := false
	for i := range a.offer.sections {
		x := &a.offer.sections[i]
		p := a.at(i)
		if p == nil {
			fmt.Fprintf(&b, "m=%s 0 %s 0\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n", x.kind, x.proto)
			if x.mid != "" {
				fmt.Fprintf(&b, "a=mid:%s\r\n", x.mid)
			}
			continue
		}
		p.render(&b, x)
		fmt.Fprintf(&b, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:sha-256 %s\r\na=setup:passive\r\n", ufrag, pwd, v.t.fingerprint)
		if !transported {
			transported = true
			b.WriteString(candidates)
		}
	}
	return []byte(b.String())
}

// at is what was picked of the i-th section, or nil.
func (a *answer) at(i int) *picked {
	for _, p := range a.picked {
		if p != nil && p.section == i {
			return p
		}
	}
	return nil
}

func (p *picked) render(b *strings.Builder, x *section) {
	formats := strconv.Itoa(int(p.codec.pt))
	if p.rtx != nil {
		formats += " " + strconv.Itoa(int(p.rtx.pt))
	}
	fmt.Fprintf(b, "m=%s 9 %s %s\r\nc=IN IP4 0.0.0.0\r\n", x.kind, x.proto, formats)
	if x.mid != "" {
		fmt.Fprintf(b, "a=mid:%s\r\n", x.mid)
	}
	b.WriteString("a=sendonly\r\na=rtcp-mux\r\na=rtcp-rsize\r\n")
	p.codec.render(b)
	if p.stereo && p.codec.name == "OPUS" && p.codec.param("sprop-stereo") == "" {
		// RFC 7587 §6.1. A browser plays two channels if its offer says stereo=1.
		fmt.Fprintf(b, "a=fmtp:%d %s\r\n", p.codec.pt, strings.TrimPrefix(p.codec.fmtp+";sprop-stereo=1", ";"))
	} else if p.codec.fmtp != "" {
		fmt.Fprintf(b, "a=fmtp:%d %s\r\n", p.codec.pt, p.codec.fmtp)
	}
	for _, f := range []string{"nack", "nack pli", "ccm fir"} {
		if p.codec.has(f) {
			fmt.Fprintf(b, "a=rtcp-fb:%d %s\r\n", p.codec.pt, f)
		}
	}
	switch {
	case p.twcc != 0:
		fmt.Fprintf(b, "a=rtcp-fb:%d transport-cc\r\na=extmap:%d %s\r\n", p.codec.pt, p.twcc, twccURI)
	case p.remb:
		fmt.Fprintf(b, "a=rtcp-fb:%d goog-remb\r\n", p.codec.pt)
	}
	if p.rtx != nil {
		p.rtx.render(b)
		fmt.Fprintf(b, "a=fmtp:%d %s\r\na=ssrc-group:FID %d %d\r\n", p.rtx.pt, p.rtx.fmtp, p.ssrc, p.rtxSSRC)
	}
	fmt.Fprintf(b, "a=msid:xianfeng %s\r\na=ssrc:%d cname:%s\r\n", x.kind, p.ssrc, cname)
	if p.rtx != nil {
		fmt.Fprintf(b, "a=ssrc:%d cname:%s\r\n", p.rtxSSRC, cname)
	}
}

func (c *codec) render(b *strings.Builder) {
	fmt.Fprintf(b, "a=rtpmap:%d %s\r\n", c.pt, c.rtpmap)
}
