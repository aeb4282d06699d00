package rtc

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
)

const maxSections = 32

// offer is what we need to know of an SDP offer (RFC 8829, RFC 9725).
type offer struct {
	ufrag        string
	hash, finger string
	bundle       []string // mids of the first BUNDLE group
	sections     []section
}

// section is one m= line.
type section struct {
	kind     string // "audio", "video", "application"
	proto    string
	formats  []string
	mid      string
	receives bool  // the other side can take media
	twcc     uint8 // identifier of the header extension that numbers packets; 0: not offered
	codecs   []codec
}

// codec is one payload type.
type codec struct {
	pt       uint8
	name     string // as in rtpmap, upper case, without clock rate
	rtpmap   string
	fmtp     string
	feedback []string
}

func bad(reason string) error { return fmt.Errorf("%w: %s", ErrOffer, reason) }

// parseOffer reads and checks an offer.
func parseOffer(b []byte) (*offer, error) {
	var d sdp.SessionDescription
	if err := d.Unmarshal(b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOffer, err)
	}
	if len(d.MediaDescriptions) == 0 {
		return nil, bad("it has no m= line")
	}
	if len(d.MediaDescriptions) > maxSections {
		return nil, bad("it has too many m= lines")
	}
	o := &offer{}
	for _, a := range d.Attributes {
		if mids, ok := strings.CutPrefix(a.Value, "BUNDLE "); ok && a.Key == "group" && o.bundle == nil {
			o.bundle = strings.Fields(mids)
		}
	}
	for _, m := range d.MediaDescriptions {
		x, err := parseSection(&d, m)
		if err != nil {
			return nil, err
		}
		o.sections = append(o.sections, x)
		if m.MediaName.Port.Value == 0 { // off, or bundled with one that isn't (RFC 9143 §6)
			continue
		}
		if err := o.parseTransport(&d, m); err != nil {
			return nil, err
		}
	}
	if o.ufrag == "" {
		return nil, bad("it has no m= line that is on")
	}
	return o, nil
}

// CheckOffer says, with ErrOffer, what makes an offer unusable whatever it is for.
func CheckOffer(b []byte) error {
	_, err := parseOffer(b)
	return err
}

// attribute is a media-level attribute, or else the session's.
func attribute(d *sdp.SessionDescription, m *sdp.MediaDescription, key string) string {
	if v, ok := m.Attribute(key); ok {
		return v
	}
	v, _ := d.Attribute(key)
	return v
}

func parseSection(d *sdp.SessionDescription, m *sdp.MediaDescription) (section, error) {
	x := section{
		kind: m.MediaName.Media, proto: strings.Join(m.MediaName.Protos, "/"), formats: m.MediaName.Formats,
		receives: true,
	}
	x.mid, _ = m.Attribute("mid")
	for _, a := range d.Attributes {
		x.direction(a.Key)
	}
	for _, a := range m.Attributes {
		x.direction(a.Key)
		if a.Key == "extmap" {
			x.extension(a.Value)
		}
	}
	if m.MediaName.Port.Value == 0 {
		if _, ok := m.Attribute("bundle-only"); !ok {
			x.receives = false // RFC 3264 §6: a stream that is off
		}
	}
	if x.kind != "audio" && x.kind != "video" {
		return x, nil
	}
	if len(x.formats) > 128 {
		return x, bad("too many payload types")
	}
	maps, fmtps, feedback := map[string]string{}, map[string]string{}, map[string][]string{}
	for _, a := range m.Attributes {
		pt, rest, _ := strings.Cut(a.Value, " ")
		switch a.Key {
		case "rtpmap":
			maps[pt] = rest
		case "fmtp":
			fmtps[pt] = rest
		case "rtcp-fb":
			feedback[pt] = append(feedback[pt], rest)
		}
	}
	for _, f := range x.formats {
		n, err := strconv.ParseUint(f, 10, 7)
		if err != nil {
			return x, bad("a payload type that is no number")
		}
		c := codec{pt: uint8(n), rtpmap: maps[f], fmtp: fmtps[f], feedback: append(feedback[f], feedback["*"]...)}
		if c.rtpmap == "" {
			c.rtpmap = map[uint64]string{0: "PCMU/8000", 8: "PCMA/8000"}[n] // RFC 3551 §6
		}
		name, _, _ := strings.Cut(c.rtpmap, "/")
		c.name = strings.ToUpper(name)
		x.codecs = append(x.codecs, c)
	}
	return x, nil
}

// extension takes one a=extmap (RFC 8285 §8).
func (x *section) extension(value string) {
	id, uri, _ := strings.Cut(value, " ")
	id, direction, _ := strings.Cut(id, "/")
	n, err := strconv.ParseUint(id, 10, 8)
	if strings.TrimSpace(uri) != twccURI || direction == "sendonly" || direction == "inactive" {
		return
	}
	if err == nil && n >= 1 && n <= 14 { // what fits into the one-byte form (§4.2)
		x.twcc = uint8(n)
	}
}

func (x *section) direction(key string) {
	switch key {
	case "recvonly", "sendrecv":
		x.receives = true
	case "sendonly", "inactive":
		x.receives = false
	}
}

// param is one parameter of the codec's fmtp line, "" if it is not there.
func (c *codec) param(name string) string {
	for p := range strings.SplitSeq(c.fmtp, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(k, name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func (c *codec) has(feedback string) bool {
	for _, f := range c.feedback {
		if f == feedback {
			return true
		}
	}
	return false
}
