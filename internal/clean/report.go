package clean

import (
	"slices"
	"strings"
)

// What was dropped, for the catalogue of words. What has no code is not worth telling: looks, and wrappers.
const (
	Script  = "script"  // scripts, and what runs when something is touched
	Media   = "media"   // players and frames of other sites
	Form    = "form"    // fields to fill in
	Drawing = "drawing" // SVG, formulas
	Picture = "picture" // pictures that lie elsewhere: see Report.Pictures
	Link    = "link"    // links to what can't be linked to; their text stays
	Embed   = "embed"   // blocks of an unknown kind
	Deep    = "deep"    // nested too deeply: only the text is left
	Cut     = "cut"     // too long: the rest is missing
)

// Report says what was dropped.
type Report struct {
	Codes    []string // sorted, each once
	Pictures []string // addresses of the pictures that lie elsewhere, in order; of data: and file: only the scheme
}

const maxPictures = 100

func (r *Report) add(code string) {
	if at, found := slices.BinarySearch(r.Codes, code); !found {
		r.Codes = slices.Insert(r.Codes, at, code)
	}
}

func (r *Report) picture(address string) {
	r.add(Picture)
	switch scheme, _, _ := strings.Cut(address, ":"); strings.ToLower(scheme) {
	case "data", "file", "blob":
		address = strings.ToLower(scheme) + ":"
	}
	if address != "" && len(address) <= maxAddress && len(r.Pictures) < maxPictures && !slices.Contains(r.Pictures, address) {
		r.Pictures = append(r.Pictures, address)
	}
}
