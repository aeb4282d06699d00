package rtmp

import (
	"net/url"
	"strings"

	"xianfeng/media"
)

// target finds the stream's name and the key in what a client sends: the app and the tcUrl of its
// connect command, and the stream key of its publish or play command.
//
//	OBS        app "live", stream key "NAME?key=KEY"
//	ffmpeg     app "live", stream key "NAME?key=KEY" (cut out of the whole address)
//	gortmplib  app "live/NAME?key=KEY", no stream key
//	others     app "live?key=KEY", stream key "NAME"; or the query in tcUrl only
func target(app, tcURL, streamKey string) (name, key string, err error) {
	path, query, _ := strings.Cut(app, "?")
	tail, tailQuery, _ := strings.Cut(streamKey, "?")
	_, urlQuery, _ := strings.Cut(tcURL, "?")
	path = strings.Trim(path, "/")
	if tail = strings.Trim(tail, "/"); tail != "" {
		path += "/" + tail
	}
	for _, q := range []string{tailQuery, query, urlQuery} {
		if key = queryKey(q); key != "" {
			break
		}
	}
	name, err = media.NameFromPath(path)
	return name, key, err
}

// queryKey returns the value of "key". A plus sign means itself: clients send what was typed.
func queryKey(query string) string {
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		if v, ok := strings.CutPrefix(pair, "key="); ok {
			if u, err := url.PathUnescape(v); err == nil {
				return u
			}
			return v
		}
	}
	return ""
}
