package archtest

// A rule says which packages of ours a package may import. The rule with the longest place that fits a
// package holds for it. A package without a rule fails: say here what it is, before others lean on it.
type rule struct {
	place string   // a folder: the package in it, and those below that have no rule of their own
	may   []string // folders; "x/..." stands for x and everything below it
	why   string
}

var rules = []rule{
	{"cmd", []string{"internal/app"}, "a main parses flags, runs and maps the exit code; package app builds"},
	{"internal/app", []string{"internal/...", "media/...", "signaling/...", "recordings/...", "web/..."}, "the wiring sees everything except commands"},
	{"internal/config", nil, "configuration is data; app hands each package its part"},
	{"internal/keys", []string{"media", "internal/errs"}, "keys answer media.Gate and know nothing else"},
	{"internal/metrics", []string{"media", "internal/errs"}, "metrics look at streams from outside"},
	{"internal/site", nil, "the network of sites is a leaf: everybody may lean on it, so it leans on nobody"},
	{"internal/errs", nil, "kinds of errors are a leaf: everybody may lean on them"},
	{"internal/store", []string{"internal/site", "internal/errs", "signaling/...", "recordings"}, "a store implements contracts that others declare"},
	{"internal/archtest", nil, "it reads the others as text"},

	{"web", []string{"web/...", "media", "signaling/...", "recordings/...", "internal/site", "internal/errs"}, "pages speak to streams through package media; protocols reach them as http.Handlers"},
	{"signaling", []string{"signaling/...", "media", "internal/site", "internal/errs"}, "signalling stands beside the media and knows no page and no protocol"},
	{"recordings", []string{"recordings/...", "media/...", "internal/site", "internal/errs"}, "recordings read streams and know no page"},

	{"media", nil, "media is the ground floor: it imports nothing of ours"},
	{"media/packet", []string{"media"}, "what RTP and codecs share"},
	{"media/mpegts", []string{"media"}, "a container, used by the protocols that carry it"},
	{"media/testcard", []string{"media"}, "a publisher like any other"},
	{"media/testcard/make-clip", []string{"media/testcard"}, "it draws what the package reads back"},
	{"media/sound", []string{"media", "media/mpegts"}, "ffmpeg is spoken to in MPEG-TS"},
	{"media/datagram", nil, "sockets, and nothing of what goes through them"},
	{"media/rtc", []string{"media", "media/packet", "media/datagram"}, "the WebRTC transport; protocols are above it"},
	{"media/hls", []string{"media"}, "protocols do not know each other"},
	{"media/hls/lane", []string{"media", "media/hls"}, "a shorter way to what package hls answers, and to nothing else"},
	{"media/rtmp", []string{"media"}, "protocols do not know each other"},
	{"media/rtsp", []string{"media", "media/packet", "media/datagram"}, "protocols do not know each other"},
	{"media/srt", []string{"media", "media/mpegts"}, "protocols do not know each other; SRT carries MPEG-TS"},
	{"media/whip", []string{"media", "media/packet", "media/rtc"}, "protocols do not know each other; WHIP and WHEP ride on rtc"},
	{"media/sfu", []string{"media", "media/packet", "media/rtc"}, "protocols do not know each other; the forwarder rides on rtc"},

	{"bench", []string{"bench/..."}, "the load tool measures any server and so knows nothing of this one"},
}

// outside says where libraries and parts of the standard library may be used that must not spread.
var outside = []struct {
	path string   // and everything below it
	in   []string // folders, "x/..." as above
	why  string
}{
	{"github.com/pion/webrtc", []string{"media/rtc", "media/whip", "media/sfu", "bench/..."}, "PeerConnections belong to the WebRTC transport"},
	{"github.com/bluenviron/gortsplib/v4/pkg/format", []string{"media/packet", "media/rtsp", "media/rtc", "media/whip", "bench/..."}, "SDP formats belong to what speaks RTP"},
	{"github.com/bluenviron/gortmplib", []string{"media/rtmp"}, "RTMP belongs to media/rtmp"},
	{"github.com/datarhei/gosrt", []string{"media/srt"}, "SRT belongs to media/srt"},
	{"gopkg.in/yaml.v3", []string{"internal/config", "internal/app"}, "only one package reads the configuration"},
	{"github.com/prometheus", []string{"internal/metrics", "internal/app"}, "figures are collected in one place"},
	{"html/template", []string{"web/..."}, "pages are made in web"},
	{"database/sql", []string{"internal/store"}, "SQL is spoken in the store"},
}

// topLevel lists the folders that may lie at the top. What users record lies in the data folder, outside.
var topLevel = []string{
	"cmd", "media", "signaling", "web", "recordings", // the rooms
	"internal", "docs", "bench", "test", ".ci",
	".git", "bin", "data", "node_modules", // not in the repository
}
