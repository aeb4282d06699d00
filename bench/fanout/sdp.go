package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// h264Profiles are what a browser offers: constrained baseline, baseline, main, high.
var h264Profiles = []string{"42e01f", "42001f", "4d001f", "64001f"}

const twccURI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

// offerSDP is the offer of a viewer that listens on port of all local addresses. Payload types: 96, 98,
// ... are H.264, each followed by its RTX; 111 is Opus. With twcc it offers to tell when packets arrive.
func offerSDP(ufrag, pwd, fingerprint string, port int, twcc bool) (string, error) {
	addrs, err := localAddrs()
	if err != nil {
		return "", err
	}
	var common, video strings.Builder
	fmt.Fprintf(&common, "c=IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=rtcp-rsize\r\na=recvonly\r\na=setup:actpass\r\n"+
		"a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:sha-256 %s\r\n", ufrag, pwd, fingerprint)
	for i, a := range addrs {
		fmt.Fprintf(&common, "a=candidate:%d 1 udp %d %s %d typ host\r\n", i+1, 2130706431-i, a, port)
	}
	common.WriteString("a=end-of-candidates\r\n")
	if twcc {
		common.WriteString("a=extmap:3 " + twccURI + "\r\n")
	}
	types := ""
	for i, profile := range h264Profiles {
		pt := 96 + 2*i
		types += fmt.Sprintf(" %d %d", pt, pt+1)
		fmt.Fprintf(&video, "a=rtpmap:%d H264/90000\r\na=fmtp:%d level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=%s\r\n"+
			"a=rtcp-fb:%d nack\r\na=rtcp-fb:%d nack pli\r\na=rtpmap:%d rtx/90000\r\na=fmtp:%d apt=%d\r\n",
			pt, pt, profile, pt, pt, pt+1, pt+1, pt)
		if twcc {
			fmt.Fprintf(&video, "a=rtcp-fb:%d transport-cc\r\n", pt)
		}
	}
	return "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n" +
		"m=video 9 UDP/TLS/RTP/SAVPF" + types + "\r\na=mid:0\r\n" + common.String() + video.String() +
		"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\n" + common.String() +
		"a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n", nil
}

// localAddrs returns the IPv4 addresses of this machine, loopback first.
func localAddrs() ([]netip.Addr, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	var out []netip.Addr
	for _, a := range all {
		p, err := netip.ParsePrefix(a.String())
		if err != nil || !p.Addr().Is4() {
			continue
		}
		if p.Addr().IsLoopback() {
			out = slices.Insert(out, 0, p.Addr())
		} else {
			out = append(out, p.Addr())
		}
	}
	return out, nil
}

// answerSDP is what a viewer takes from an answer.
type answerSDP struct {
	ufrag, pwd  string
	fingerprint string // sha-256
	passive     bool   // the server waits for our ClientHello
	candidates  []netip.AddrPort
	video, rtx  map[uint8]bool // payload types
	twcc        uint8          // number of the header extension; 0: not wanted
}

func parseAnswer(sdp string) (*answerSDP, error) {
	a := &answerSDP{video: map[uint8]bool{}, rtx: map[uint8]bool{}}
	for line := range strings.Lines(sdp) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "a=ice-ufrag":
			a.ufrag = value
		case "a=ice-pwd":
			a.pwd = value
		case "a=setup":
			a.passive = value == "passive"
		case "a=fingerprint":
			if hash, sum, _ := strings.Cut(value, " "); strings.EqualFold(hash, "sha-256") {
				a.fingerprint = sum
			}
		case "a=candidate":
			if c, ok := parseCandidate(value); ok && !slices.Contains(a.candidates, c) {
				a.candidates = append(a.candidates, c)
			}
		case "a=extmap":
			if id, uri, _ := strings.Cut(value, " "); uri == twccURI {
				id, _, _ = strings.Cut(id, "/") // the direction
				n, _ := strconv.ParseUint(id, 10, 8)
				a.twcc = uint8(n)
			}
		case "a=rtpmap":
			pt, codec, _ := strings.Cut(value, " ")
			n, err := strconv.ParseUint(pt, 10, 7)
			if err != nil {
				continue
			}
			switch strings.ToLower(codec) {
			case "h264/90000":
				a.video[uint8(n)] = true
			case "rtx/90000":
				a.rtx[uint8(n)] = true
			}
		}
	}
	switch {
	case a.ufrag == "" || a.pwd == "":
		return nil, errors.New("the answer has no ICE credentials")
	case a.fingerprint == "":
		return nil, errors.New("the answer has no sha-256 fingerprint")
	case len(a.candidates) == 0:
		return nil, errors.New("the answer has no UDP candidate for IPv4")
	}
	// What is near first.
	slices.SortStableFunc(a.candidates, func(x, y netip.AddrPort) int {
		switch {
		case x.Addr().IsLoopback() == y.Addr().IsLoopback():
			return 0
		case x.Addr().IsLoopback():
			return -1
		}
		return 1
	})
	return a, nil
}

// parseCandidate reads an IPv4 host candidate for UDP (RFC 8839 §5.1).
func parseCandidate(value string) (netip.AddrPort, bool) {
	f := strings.Fields(value)
	if len(f) < 8 || f[1] != "1" || !strings.EqualFold(f[2], "udp") {
		return netip.AddrPort{}, false
	}
	addr, err := netip.ParseAddr(f[4])
	if err != nil || !addr.Is4() {
		return netip.AddrPort{}, false
	}
	port, err := strconv.ParseUint(f[5], 10, 16)
	return netip.AddrPortFrom(addr, uint16(port)), err == nil
}
