package whip

import (
	"context"
	"strings"
	"testing"

	"xianfeng/media"
	"xianfeng/media/rtc"
)

const chromiumOffer = "v=0\r\no=- 948874747325175448 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS s\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0 8\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:o6Qq\r\na=ice-pwd:L8Mwz3jTSoEmQPhYuGHF1zqT\r\na=ice-options:trickle\r\n" +
	"a=fingerprint:sha-256 12:5E:45:0A:9C:AF:BE:8A:FE:47:7B:F8:FA:79:6F:54:B8:BC:FE:B7:E4:61:F5:90:A4:C2:6F:3E:6D:84:85:8A\r\na=setup:actpass\r\na=mid:0\r\n" +
	"a=extmap:4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\na=sendonly\r\na=msid:s a\r\na=rtcp-mux\r\na=rtcp-rsize\r\n" +
	"a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=ssrc:1 cname:c\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:o6Qq\r\na=ice-pwd:L8Mwz3jTSoEmQPhYuGHF1zqT\r\na=ice-options:trickle\r\n" +
	"a=fingerprint:sha-256 12:5E:45:0A:9C:AF:BE:8A:FE:47:7B:F8:FA:79:6F:54:B8:BC:FE:B7:E4:61:F5:90:A4:C2:6F:3E:6D:84:85:8A\r\na=setup:actpass\r\na=mid:1\r\n" +
	"a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=sendonly\r\na=msid:s v\r\na=rtcp-mux\r\na=rtcp-rsize\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\n" +
	"a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=rtpmap:102 H264/90000\r\na=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r\n" +
	"a=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\na=ssrc-group:FID 2 3\r\na=ssrc:2 cname:c\r\na=ssrc:3 cname:c\r\n"

// FuzzPublisherOffer holds pion to what the HTTP side relies on: errors, no panics, no hanging.
func FuzzPublisherOffer(f *testing.F) {
	for _, s := range []string{chromiumOffer, strings.ReplaceAll(chromiumOffer, "sendonly", "recvonly"), strings.ReplaceAll(chromiumOffer, "a=mid:1\r\n", ""), "v=0\r\n", ""} {
		f.Add(s)
	}
	t := rtc.New(rtc.Config{Address: "127.0.0.1:0"})
	if err := t.Start(); err != nil {
		f.Fatal(err)
	}
	hub := media.NewHub(media.HubConfig{})
	s := New(hub, nil, t, Config{})
	f.Cleanup(func() { s.Close(); t.Close(); hub.Close() })
	f.Fuzz(func(test *testing.T, offer string) {
		pc, err := newPeerConnection(t)
		if err != nil {
			test.Fatal(err)
		}
		p := &publisher{s: s, pc: pc, name: "x"}
		p.ctx, p.cancel = context.WithCancelCause(context.Background())
		defer p.cancel(nil)
		if answer, err := p.negotiate(offer); err == nil {
			sections(answer, "recvonly")
			withCandidates(answer, "a=end-of-candidates\r\n")
			credentials(answer)
		}
		if err := pc.GracefulClose(); err != nil {
			test.Fatal(err)
		}
	})
}
