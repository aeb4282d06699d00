package beacon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"xianfeng/internal/errs"
)

// Report is what a page says of one viewer, for the time since its last report.
type Report struct {
	Broadcast string
	Stream    string
	Site      string  // code of the site whose page it is; "": none
	Via       Via     //
	Error     float64 // ms that the picture is too early (+) or too late (−), median; NaN: not known
	Stalls    int
	Late      bool // it could not keep up with the delay that the broadcast asks for
	Rendition string
}

// Via is how the media comes.
type Via uint8

// The ways. OtherVia is every one that is not known here.
const (
	WHEP Via = iota
	HLS
	Native
	OtherVia
	vias = iota
)

// Vias are the names of the ways, by their numbers.
var Vias = [vias]string{"whep", "hls", "native", "other"}

func (v Via) String() string { return Vias[min(v, OtherVia)] }

const (
	maxError  = 60_000 // ms
	maxStalls = 20
	maxID     = 64
	maxName   = 24 // of a rendition
)

// claims are the fields as they come: a number may be a text, a yes a number, whatever wrote the page.
type claims struct {
	Broadcast claim `json:"broadcast"`
	Stream    claim `json:"stream"`
	Site      claim `json:"site"`
	Via       claim `json:"via"`
	Error     claim `json:"error"`
	Stalls    claim `json:"stalls"`
	Late      claim `json:"late"`
	Rendition claim `json:"rendition"`
}

// claim is a text, a number, true, false or null.
type claim string

// UnmarshalJSON takes anything that is no object or list.
func (c *claim) UnmarshalJSON(b []byte) error {
	switch b = bytes.TrimSpace(b); {
	case len(b) > 0 && b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err //nolint:wrapcheck // of encoding/json itself
		}
		*c = claim(s)
	case len(b) > 0 && (b[0] == '{' || b[0] == '['):
		return fmt.Errorf("a value: %w", errs.Invalid)
	case string(b) != "null":
		*c = claim(b)
	}
	return nil
}

func (c claim) number() float64 {
	if c == "true" {
		return 1
	}
	n, err := strconv.ParseFloat(string(c), 64)
	if err != nil || math.IsInf(n, 0) {
		return math.NaN()
	}
	return n
}

func (c claim) text(most int) string {
	if len(c) > most {
		return ""
	}
	return string(c)
}

// Parse reads a report and clamps what it claims.
func Parse(body []byte) (Report, error) {
	var c claims
	if err := json.Unmarshal(body, &c); err != nil {
		return Report{}, fmt.Errorf("beacon: %w", errs.Invalid)
	}
	r := Report{
		Broadcast: c.Broadcast.text(maxID), Stream: c.Stream.text(maxID), Site: c.Site.text(maxID),
		Via: OtherVia, Error: c.Error.number(), Late: c.Late.number() >= 0.5, Rendition: name(string(c.Rendition)),
	}
	for i, v := range Vias {
		if string(c.Via) == v {
			r.Via = Via(i) //nolint:gosec // four
		}
	}
	if !math.IsNaN(r.Error) {
		r.Error = min(maxError, max(-maxError, r.Error))
	}
	if n := c.Stalls.number(); n >= 1 { // not for NaN
		r.Stalls = int(min(maxStalls, n))
	}
	return r, nil
}

// name keeps what a rendition may be called.
func name(text string) string {
	if len(text) > maxName {
		text = text[:maxName]
	}
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-@ ", r) {
			return r
		}
		return -1
	}, text)
}
