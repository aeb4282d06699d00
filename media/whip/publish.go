package whip

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pion/webrtc/v4"

	"xianfeng/media"
	"xianfeng/media/rtc"
)

const (
	connectTime = 10 * time.Second
	gatherTime  = 2 * time.Second
	trickles    = 256 // candidates that a publisher may send in all
)

// postWHIP begins a publisher. Its stream begins once its tracks arrive.
func (s *Server) postWHIP(r *http.Request, name string, offer []byte) (*session, []byte, error) {
	if err := rtc.CheckOffer(offer); err != nil {
		return nil, nil, err
	}
	if err := s.hub.Vacant(name); err != nil {
		return nil, nil, err
	}
	release, err := s.reserve(name)
	if err != nil {
		return nil, nil, err
	}
	pc, err := newPeerConnection(s.rtc)
	if err != nil {
		release()
		return nil, nil, err
	}
	p := &publisher{s: s, pc: pc, release: release, name: name, remote: r.RemoteAddr, since: time.Now(), offer: string(offer), left: trickles, keyWanted: make(chan struct{}, 1)}
	p.ctx, p.cancel = context.WithCancelCause(context.Background())
	fail := func(err error) (*session, []byte, error) {
		p.cancel(err)
		pc.GracefulClose() //nolint:errcheck // nothing has begun
		release()
		return nil, nil, err
	}
	// Tracks may come as soon as the answer is set.
	pc.OnTrack(p.onTrack)
	pc.OnConnectionStateChange(p.onState)
	answer, err := p.negotiate(p.offer)
	if err != nil {
		return fail(err)
	}
	offered, accepted := sections(p.offer, "sendonly", "sendrecv"), sections(answer, "recvonly", "sendrecv")
	p.wanted = len(accepted)
	// Sound alone where there should be a picture would be a surprise to the publisher.
	if p.wanted == 0 || slices.Contains(offered, "video") && !slices.Contains(accepted, "video") {
		return fail(fmt.Errorf("%w: the offer must send one of H264, H265, VP8, VP9, AV1, or only one of Opus, PCMA, PCMU", media.ErrCodec))
	}
	x := &session{id: newID(), name: name, protocol: "whip", etag: newETag(), end: p}
	if err := s.add(x); err != nil {
		return fail(err)
	}
	p.session = x
	s.wg.Add(1)
	// run ends when the publisher does; Server.Close waits for it.
	go p.run()
	return x, []byte(withCandidates(answer, s.rtc.Candidates(r.RemoteAddr, true))), nil
}

// negotiate answers an offer.
func (p *publisher) negotiate(offer string) (string, error) {
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		if errors.Is(err, webrtc.ErrUnsupportedCodec) || errors.Is(err, webrtc.ErrCodecNotFound) {
			return "", fmt.Errorf("%w: %w", media.ErrCodec, err)
		}
		return "", fmt.Errorf("%w: %w", errAnswer, err)
	}
	answer, err := p.pc.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errAnswer, err)
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(answer); err != nil {
		return "", fmt.Errorf("%w: %w", errAnswer, err)
	}
	select {
	case <-gathered:
	case <-time.After(gatherTime): // the port is there; only listing the interfaces can hang
	}
	d := p.pc.LocalDescription()
	if d == nil {
		return "", fmt.Errorf("%w: closed meanwhile", errAnswer)
	}
	return d.SDP, nil
}

// sections lists the kinds of media that go one of the ways in an SDP.
func sections(sdp string, ways ...string) (kinds []string) {
	kind := ""
	for line := range strings.Lines(sdp) {
		line = strings.TrimRight(line, "\r\n")
		if rest, ok := strings.CutPrefix(line, "m="); ok {
			kind = ""
			if f := strings.Fields(rest); len(f) > 3 && (f[0] == "audio" || f[0] == "video") && f[1] != "0" {
				kind = f[0]
			}
		}
		if a, ok := strings.CutPrefix(line, "a="); ok && kind != "" && slices.Contains(ways, a) {
			kinds = append(kinds, kind)
			kind = ""
		}
	}
	return kinds
}

// withCandidates puts our candidates in the place of those that pion found: the same rules as for viewers.
func withCandidates(answer string, ours string) string {
	var b strings.Builder
	done := false
	for line := range strings.Lines(answer) {
		if strings.HasPrefix(line, "a=candidate:") || strings.HasPrefix(line, "a=end-of-candidates") {
			continue
		}
		b.WriteString(line)
		if !done && strings.HasPrefix(line, "a=ice-pwd:") {
			done = true
			b.WriteString(ours)
		}
	}
	return b.String()
}

// patch takes candidates, or restarts ICE.
func (p *publisher) patch(f *fragment, remote string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ufrag, _ := credentials(p.offer)
	if f.ufrag != "" && f.ufrag != ufrag {
		return p.restartLocked(f, remote)
	}
	for _, c := range f.candidates {
		if p.left--; p.left < 0 {
			return "", fmt.Errorf("%w: more than %d candidates in all", errFragment, trickles)
		}
		init := webrtc.ICECandidateInit{Candidate: c.line}
		if c.mid != "" {
			init.SDPMid = &c.mid
		}
		if err := p.pc.AddICECandidate(init); err != nil {
			// A candidate of a kind that we don't know is of no use, and no harm (RFC 8839 §5.1).
			p.s.log.Debug("candidate ignored", "stream", p.name, "protocol", "whip", "remote", p.remote, "error", short(err.Error()))
		}
	}
	return "", nil
}

// restartLocked makes the publisher's offer anew with other credentials (RFC 9725 §4.3.3).
func (p *publisher) restartLocked(f *fragment, remote string) (string, error) {
	if f.pwd == "" {
		return "", fmt.Errorf("%w: an ICE restart needs a=ice-pwd", errFragment)
	}
	var b strings.Builder
	for line := range strings.Lines(p.offer) {
		switch {
		case strings.HasPrefix(line, "a=ice-ufrag:"):
			line = "a=ice-ufrag:" + f.ufrag + "\r\n"
		case strings.HasPrefix(line, "a=ice-pwd:"):
			line = "a=ice-pwd:" + f.pwd + "\r\n"
		case strings.HasPrefix(line, "a=candidate:"):
			continue
		}
		b.WriteString(line)
	}
	if err := rtc.CheckOffer([]byte(b.String())); err != nil {
		return "", err
	}
	answer, err := p.negotiate(b.String())
	if err != nil {
		return "", err
	}
	p.offer = b.String()
	ufrag, pwd := credentials(answer)
	return fmt.Sprintf("a=ice-lite\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", ufrag, pwd) + p.s.rtc.Candidates(remote, true), nil
}

// credentials are the first in an SDP.
func credentials(sdp string) (ufrag, pwd string) {
	for line := range strings.Lines(sdp) {
		line = strings.TrimRight(line, "\r\n")
		if v, ok := strings.CutPrefix(line, "a=ice-ufrag:"); ok && ufrag == "" {
			ufrag = v
		}
		if v, ok := strings.CutPrefix(line, "a=ice-pwd:"); ok && pwd == "" {
			pwd = v
		}
	}
	return ufrag, pwd
}
