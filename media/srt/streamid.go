package srt

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"xianfeng/media"
)

var (
	errStreamID = errors.New("not a streamid")
	errMode     = errors.New("the mode must be publish or request")
	errType     = errors.New("the type must be stream")
)

// access is what a peer asks for.
type access struct {
	action media.Action
	name   string
	key    string
}

// parseStreamID reads "publish:live/NAME?key=KEY", "read:live/NAME?key=KEY" and
// "#!::r=live/NAME,m=publish,s=KEY". Its errors never show the key.
func parseStreamID(id string) (access, error) {
	if rest, ok := strings.CutPrefix(id, "#!::"); ok {
		return parseAccessControl(rest)
	}
	var a access
	action, path, ok := strings.Cut(id, ":")
	switch {
	case !ok:
		return a, fmt.Errorf("%w: it must be publish:live/NAME or read:live/NAME", errStreamID)
	case action == "publish":
		a.action = media.Publish
	case action == "read":
		a.action = media.Read
	default:
		return a, fmt.Errorf("%w: a streamid begins with \"publish:\" or \"read:\", not with anything else", errMode)
	}
	path, query, _ := strings.Cut(path, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		return a, fmt.Errorf("%w: its query can't be read", errStreamID)
	}
	a.key = values.Get("key")
	a.name, err = media.NameFromPath(path)
	if err != nil {
		return access{}, fmt.Errorf("%w: %w", errStreamID, err)
	}
	return a, nil
}

// parseAccessControl reads the comma-separated pairs of the SRT access control guidelines. The
// stream key is the session ("s"); users ("u") and hosts ("h") have no meaning here.
func parseAccessControl(pairs string) (access, error) {
	a := access{action: media.Read} // without a mode: request
	path := ""
	for pair := range strings.SplitSeq(pairs, ",") {
		k, v, ok := strings.Cut(pair, "=")
		if !ok {
			return access{}, fmt.Errorf("%w: a pair has no \"=\"", errStreamID)
		}
		switch k {
		case "r":
			path = v
		case "s":
			a.key = v
		case "m":
			switch v {
			case "publish":
				a.action = media.Publish
			case "request":
				a.action = media.Read
			default:
				return access{}, errMode
			}
		case "t":
			if v != "stream" {
				return access{}, errType
			}
		}
	}
	var err error
	if a.name, err = media.NameFromPath(path); err != nil {
		return access{}, fmt.Errorf("%w: %w", errStreamID, err)
	}
	return a, nil
}
