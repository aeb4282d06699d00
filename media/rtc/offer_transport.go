package rtc

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/pion/sdp/v3"
)

// parseTransport checks what a section says of its transport. The first one's is the transport; those
// after it may leave it at that.
func (o *offer) parseTransport(d *sdp.SessionDescription, m *sdp.MediaDescription) error {
	ufrag := attribute(d, m, "ice-ufrag")
	if o.ufrag != "" && ufrag == "" {
		return nil
	}
	if err := checkCredential("ice-ufrag", ufrag); err != nil {
		return err
	}
	if err := checkCredential("ice-pwd", attribute(d, m, "ice-pwd")); err != nil {
		return err
	}
	hash, finger, err := parseFingerprint(d, m)
	if err != nil {
		return err
	}
	switch setup := attribute(d, m, "setup"); setup {
	case "actpass", "active", "": // RFC 4145 §4.1: active if absent
	case "passive":
		return bad("a=setup:passive: both sides would wait")
	default:
		return bad(fmt.Sprintf("a=setup:%.20s", setup))
	}
	if _, mux := m.Attribute("rtcp-mux"); !mux && (m.MediaName.Media == "audio" || m.MediaName.Media == "video") {
		return bad("no a=rtcp-mux: there is no second port for RTCP")
	}
	if o.ufrag == "" {
		o.ufrag, o.hash, o.finger = ufrag, hash, finger
	}
	return nil
}

// checkCredential checks a user name fragment or a password (RFC 8839 §5.4). Ones that are shorter than
// they should be work, too.
func checkCredential(name, value string) error {
	other := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '+' && r != '/'
	}
	switch {
	case value == "":
		return bad("no a=" + name)
	case len(value) > 256:
		return bad("a=" + name + " is longer than 256")
	case strings.ContainsFunc(value, other):
		return bad("a=" + name + " has characters that are not allowed")
	}
	return nil
}

// parseFingerprint returns the first fingerprint whose hash is safe, the section's before the session's.
// Others beside it are no harm (RFC 8122 §5).
func parseFingerprint(d *sdp.SessionDescription, m *sdp.MediaDescription) (hash, finger string, err error) {
	for _, list := range [][]sdp.Attribute{m.Attributes, d.Attributes} {
		for _, a := range list {
			if a.Key != "fingerprint" {
				continue
			}
			h, f, _ := strings.Cut(a.Value, " ")
			h = strings.ToLower(h)
			size := map[string]int{"sha-256": 32, "sha-384": 48, "sha-512": 64}[h]
			if size == 0 {
				continue
			}
			f = strings.ToUpper(strings.TrimSpace(f))
			if b, err := hex.DecodeString(strings.ReplaceAll(f, ":", "")); err != nil || len(b) != size || colons(b) != f {
				return "", "", bad(fmt.Sprintf("a=fingerprint:%s is not %d bytes in hexadecimal with colons", h, size))
			}
			return h, f, nil
		}
	}
	return "", "", bad("no a=fingerprint with sha-256, sha-384 or sha-512")
}
