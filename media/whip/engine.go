package whip

import (
	"fmt"
	"strings"
	"time"

	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"

	"xianfeng/media"
	"xianfeng/media/rtc"
)

const (
	nackEvery    = 20 * time.Millisecond
	iceSilent    = 10 * time.Second // without a sign of the publisher: disconnected,
	iceFailed    = 15 * time.Second // and that much later failed
	iceKeepAlive = 2 * time.Second
)

// codecs are what publishers may send, by kind. Among H.264's profiles those without B-frames in
// practice; receivers of ours decode them all.
func codecs() map[webrtc.RTPCodecType][]webrtc.RTPCodecParameters {
	video := func(pt webrtc.PayloadType, mime, fmtp string) webrtc.RTPCodecParameters {
		return webrtc.RTPCodecParameters{PayloadType: pt, RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: mime, ClockRate: 90000, SDPFmtpLine: fmtp,
			RTCPFeedback: []webrtc.RTCPFeedback{{Type: "ccm", Parameter: "fir"}},
		}}
	}
	audio := func(pt webrtc.PayloadType, mime string, clock uint32, channels uint16, fmtp string) webrtc.RTPCodecParameters {
		return webrtc.RTPCodecParameters{PayloadType: pt, RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: mime, ClockRate: clock, Channels: channels, SDPFmtpLine: fmtp,
		}}
	}
	const h264 = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id="
	var out []webrtc.RTPCodecParameters
	pt := webrtc.PayloadType(96)
	for _, c := range []webrtc.RTPCodecParameters{
		video(0, webrtc.MimeTypeH264, h264+"42e01f"), video(0, webrtc.MimeTypeH264, h264+"42001f"),
		video(0, webrtc.MimeTypeH264, h264+"4d001f"), video(0, webrtc.MimeTypeH264, h264+"64001f"),
		video(0, webrtc.MimeTypeVP8, ""), video(0, webrtc.MimeTypeVP9, "profile-id=0"), video(0, webrtc.MimeTypeVP9, "profile-id=2"),
		video(0, webrtc.MimeTypeAV1, ""), video(0, webrtc.MimeTypeH265, ""),
	} {
		c.PayloadType = pt
		out = append(out, c, video(pt+1, webrtc.MimeTypeRTX, fmt.Sprintf("apt=%d", pt)))
		pt += 2
	}
	return map[webrtc.RTPCodecType][]webrtc.RTPCodecParameters{
		webrtc.RTPCodecTypeVideo: out,
		webrtc.RTPCodecTypeAudio: {
			audio(120, webrtc.MimeTypeOpus, 48000, 2, "minptime=10;useinbandfec=1"),
			audio(8, webrtc.MimeTypePCMA, 8000, 0, ""), audio(0, webrtc.MimeTypePCMU, 8000, 0, ""),
		},
	}
}

// newPeerConnection returns a receiving PeerConnection on the transport's port.
func newPeerConnection(t *rtc.Transport) (*webrtc.PeerConnection, error) {
	m := &webrtc.MediaEngine{}
	for kind, list := range codecs() {
		for _, c := range list {
			if err := m.RegisterCodec(c, kind); err != nil {
				return nil, fmt.Errorf("register %s: %w", c.MimeType, err)
			}
		}
	}
	for kind := range codecs() {
		if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: captureURI}, kind); err != nil {
			return nil, fmt.Errorf("register %s: %w", captureURI, err)
		}
	}
	r := &interceptor.Registry{}
	if err := webrtc.ConfigureNackWithOptions(m, r, []nack.GeneratorOption{nack.GeneratorInterval(nackEvery)}); err != nil {
		return nil, fmt.Errorf("configure NACK: %w", err)
	}
	if err := webrtc.ConfigureRTCPReports(r); err != nil {
		return nil, fmt.Errorf("configure RTCP reports: %w", err)
	}
	if err := webrtc.ConfigureTWCCSender(m, r); err != nil {
		return nil, fmt.Errorf("configure TWCC: %w", err)
	}
	e := webrtc.SettingEngine{LoggerFactory: quiet{}}
	e.SetLite(true) // RFC 9725 §4.2: what a server with an address of its own should be
	e.SetICEUDPMux(t.UDPMux())
	networks := []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}
	if tcp := t.TCPMux(); tcp != nil {
		e.SetICETCPMux(tcp)
		networks = append(networks, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6)
	}
	e.SetNetworkTypes(networks)
	e.SetIncludeLoopbackCandidate(true)
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	e.SetICETimeouts(iceSilent, iceFailed, iceKeepAlive)
	e.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	if err := e.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return nil, fmt.Errorf("set DTLS role: %w", err)
	}
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(r), webrtc.WithSettingEngine(e)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, fmt.Errorf("new peer connection: %w", err)
	}
	return pc, nil
}

// formatOf describes what a negotiated codec carries to the depacketizer.
func formatOf(c webrtc.RTPCodecParameters) (format.Format, error) {
	pt := uint8(c.PayloadType)
	switch strings.ToLower(c.MimeType) {
	case strings.ToLower(webrtc.MimeTypeH264):
		return &format.H264{PayloadTyp: pt, PacketizationMode: 1}, nil
	case strings.ToLower(webrtc.MimeTypeH265):
		return &format.H265{PayloadTyp: pt}, nil
	case strings.ToLower(webrtc.MimeTypeVP8):
		return &format.VP8{PayloadTyp: pt}, nil
	case strings.ToLower(webrtc.MimeTypeVP9):
		return &format.VP9{PayloadTyp: pt}, nil
	case strings.ToLower(webrtc.MimeTypeAV1):
		return &format.AV1{PayloadTyp: pt}, nil
	case strings.ToLower(webrtc.MimeTypeOpus):
		return &format.Opus{PayloadTyp: pt, ChannelCount: 2}, nil // RFC 7587 §7: always signalled as two
	case strings.ToLower(webrtc.MimeTypePCMA), strings.ToLower(webrtc.MimeTypePCMU):
		return &format.G711{PayloadTyp: pt, MULaw: strings.EqualFold(c.MimeType, webrtc.MimeTypePCMU), SampleRate: 8000, ChannelCount: 1}, nil
	default:
		return nil, fmt.Errorf("%w: %.40s", media.ErrCodec, c.MimeType)
	}
}

// quiet makes pion say nothing: what matters comes back as errors and states.
type quiet struct{}

// NewLogger implements logging.LoggerFactory.
func (quiet) NewLogger(string) logging.LeveledLogger { return quietLogger{} }

type quietLogger struct{}

func (quietLogger) Trace(string)          {}
func (quietLogger) Tracef(string, ...any) {}
func (quietLogger) Debug(string)          {}
func (quietLogger) Debugf(string, ...any) {}
func (quietLogger) Info(string)           {}
func (quietLogger) Infof(string, ...any)  {}
func (quietLogger) Warn(string)           {}
func (quietLogger) Warnf(string, ...any)  {}
func (quietLogger) Error(string)          {}
func (quietLogger) Errorf(string, ...any) {}
