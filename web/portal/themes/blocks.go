package themes

import (
	"slices"

	"xianfeng/internal/site"
)

// The blocks of a front page that are no columns. All others are named by the slug of a column.
const (
	Call    = "call"    // whom to call, in large buttons
	Sites   = "sites"   // the sites below
	Links   = "links"   // links to other sites
	Contact = "contact" // address, phone, hours
)

// OtherColumns stands for all columns that are not named in a list of blocks.
const OtherColumns = "*"

// Special are the blocks that are no columns, in the order in which they are offered.
func Special() []string { return []string{Call, Sites, Links, Contact} }

var (
	highBlocks = []string{"news", "notices", "disclosure", "education", OtherColumns, "album", "produce", Sites, Links, Contact}
	lowBlocks  = []string{Call, "notices", "disclosure", "news", "education", OtherColumns, "album", "produce", Sites, Contact, Links}
)

// Blocks returns the blocks of a front page on a level where the site has chosen none.
func Blocks(l site.Level) []string {
	if l == site.Township || l == site.Village {
		return slices.Clone(lowBlocks)
	}
	return slices.Clone(highBlocks)
}
