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
	{"internal/site", []string{"internal/errs"}, "the network of sites is a leaf: everybody may lean on it, so it leans on nobody"},
	{"internal/errs", nil, "kinds of errors are a leaf: everybody may lean on them"},
	{"internal/backup", []string{"internal/errs"}, "an archive of rows and files, whatever they say"},
	{"internal/store", []string{"internal/backup", "internal/site", "internal/errs", "internal/content", "internal/signin", "internal/files", "signaling/...", "recordings", "internal/testaid"}, "a store implements contracts that others declare"},
	{"internal/calendar", []string{"internal/errs"}, "which days are worked on, and nothing else"},
	{"internal/roster", []string{"internal/site", "internal/errs"}, "a list of sites becomes a change of the network, and nothing else"},
	{"internal/signin", []string{"internal/site", "internal/errs", "internal/signin/signintest"}, "who somebody is; what they may do is site's; its tests have a store in memory"},
	{"internal/signin/signintest", []string{"internal/site", "internal/errs", "internal/signin"}, "tests lean on it, it leans on what they test"},
	{"internal/testaid", nil, "what tests share is no part of the program"},
	{"internal/clean", nil, "text in, clean text out"},
	{"internal/picture", []string{"internal/errs"}, "pictures in, pictures out"},
	{"internal/files", []string{"internal/site", "internal/errs", "internal/picture", "internal/files/disk"}, "files that people bring; pictures are made small on the way; its tests have a disk"},
	{"internal/files/disk", []string{"internal/files", "internal/files/storetest", "internal/errs"}, "a store of files implements the contract that its parent declares"},
	{"internal/files/storetest", []string{"internal/files", "internal/errs"}, "what every store of files does, whichever it is"},
	{"internal/content", []string{"internal/site", "internal/errs", "internal/clean"}, "what sites publish: no page, no SQL"},
	{"internal/demo", []string{"internal/site", "internal/errs", "internal/content", "internal/signin", "internal/files", "internal/picture", "internal/roster", "signaling/broadcast"}, "it fills a network through the same doors as people do"},
	{"internal/archtest", nil, "it reads the others as text"},

	{"web", []string{"web/...", "media", "signaling/...", "recordings/...", "internal/site", "internal/errs", "internal/content", "internal/signin", "internal/signin/signintest", "internal/files", "internal/roster", "internal/calendar"}, "pages speak to streams through package media; protocols reach them as http.Handlers"},
	{"web/kit", []string{"internal/site", "internal/errs"}, "what all pages share knows no page"},
	{"web/files", []string{"web/kit", "internal/files", "internal/files/disk", "internal/picture", "internal/site", "internal/errs"}, "files in and out over HTTP; why one is refused is said in their words"},
	{"web/editor", []string{"web/kit"}, "it knows a textarea and where to upload, no article"},
	{"web/cache", nil, "bytes under tags: it knows no page"},
	{"signaling", []string{"signaling/...", "media", "internal/site", "internal/errs"}, "signalling stands beside the media and knows no page and no protocol"},
	{"recordings", []string{"recordings/...", "media/...", "internal/site", "internal/errs"}, "recordings read streams and know no page"},

	{"media", nil, "media is the ground floor: it imports nothing of ours"},
	{"media/packet", []string{"media"}, "what RTP and codecs share"},
	{"media/mpegts", []string{"media"}, "a container, used by the protocols that carry it"},
	{"media/fmp4", []string{"media"}, "a container, written for live HLS and for recordings"},
	{"media/testcard", []string{"media"}, "a publisher like any other"},
	{"media/testcard/make-clip", []string{"media/testcard"}, "it draws what the package reads back"},
	{"media/sound", []string{"media", "media/mpegts"}, "ffmpeg is spoken to in MPEG-TS"},
	{"media/datagram", nil, "sockets, and nothing of what goes through them"},
	{"media/rtc", []string{"media", "media/packet", "media/datagram"}, "the WebRTC transport; protocols are above it"},
	{"media/hls", []string{"media", "media/fmp4"}, "protocols do not know each other"},
	{"media/hls/lane", []string{"media", "media/hls"}, "a shorter way to what package hls answers, and to nothing else"},
	{"media/rtmp", []string{"media"}, "protocols do not know each other"},
	{"media/rtsp", []string{"media", "media/packet", "media/datagram"}, "protocols do not know each other"},
	{"media/srt", []string{"media", "media/mpegts"}, "protocols do not know each other; SRT carries MPEG-TS"},
	{"media/whip", []string{"media", "media/packet", "media/rtc"}, "protocols do not know each other; WHIP and WHEP ride on rtc"},
	{"media/sfu", []string{"media", "media/packet", "media/rtc"}, "protocols do not know each other; the forwarder rides on rtc"},

	{"bench/network", []string{"bench/page", "internal/..."}, "it fills a network as large as the aims say, through the doors that people use, and measures the server on it"},
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
	{"github.com/gorilla/websocket", []string{"signaling/ws", "bench/..."}, "sockets belong to one package"},
	{"gopkg.in/yaml.v3", []string{"internal/config", "internal/app"}, "only one package reads the configuration"},
	{"github.com/prometheus", []string{"internal/metrics", "internal/app"}, "figures are collected in one place"},
	{"html/template", []string{"web/..."}, "pages are made in web"},
	{"database/sql", []string{"internal/store"}, "SQL is spoken in the store"},
	{"modernc.org/sqlite", []string{"internal/store"}, "SQL is spoken in the store"},
	{"github.com/jackc/pgx", []string{"internal/store"}, "SQL is spoken in the store"},
	{"github.com/pressly/goose", []string{"internal/store"}, "SQL is spoken in the store"},
	{"github.com/microcosm-cc/bluemonday", []string{"internal/clean"}, "one package decides which HTML is harmless"},
	{"github.com/yuin/goldmark", []string{"internal/clean"}, "one package turns what people write into HTML"},
	{"github.com/go-webauthn/webauthn", []string{"internal/signin"}, "who somebody is, is found out in one place"},
	{"github.com/coreos/go-oidc", []string{"internal/signin"}, "who somebody is, is found out in one place"},
}

// topLevel lists the folders that may lie at the top. What users record lies in the data folder, outside.
var topLevel = []string{
	"cmd", "media", "signaling", "web", "recordings", // the rooms
	"internal", "docs", "bench", "test", ".ci",
	".git", "bin", "data", "node_modules", // not in the repository
}
