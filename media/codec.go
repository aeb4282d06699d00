package media

// Codec is a coding format that a track can have.
type Codec uint8

// The codecs that streams carry.
const (
	H264 Codec = iota + 1
	H265
	AV1
	VP8
	VP9
	AAC  // MPEG-4 Audio, raw access units
	Opus // RFC 6716
	PCMA // G.711 A-law
	PCMU // G.711 µ-law
)

// codecNames holds the names used in logs, metrics and the API.
var codecNames = [...]string{H264: "H264", H265: "H265", AV1: "AV1", VP8: "VP8", VP9: "VP9", AAC: "AAC", Opus: "Opus", PCMA: "PCMA", PCMU: "PCMU"}

// String returns the codec's usual name.
func (c Codec) String() string {
	if int(c) < len(codecNames) && codecNames[c] != "" {
		return codecNames[c]
	}
	return "unknown"
}

// Video reports whether c codes pictures; every other codec codes sound.
func (c Codec) Video() bool { return c >= H264 && c <= VP9 }
