package content

import (
	"strconv"

	"xianfeng/internal/site"
)

// Tags name what pages depend on. A page of site S and column C depends on ListTag(S, C), and on
// DownTag(A, C) and ColumnsTag(A) for S and each site A above it.

// SiteTag stands for a site's name, settings, contacts and look.
func SiteTag(id site.ID) string { return tag("site:", id) }

// TreeTag stands for a site's direct children.
func TreeTag(id site.ID) string { return tag("tree:", id) }

// ColumnsTag stands for a site's own columns.
func ColumnsTag(id site.ID) string { return tag("cols:", id) }

// ListTag stands for what is placed in a column of one site only.
func ListTag(id site.ID, slug string) string { return tag("list:", id) + ":" + slug }

// DownTag stands for what is placed in a column of a site and all below it.
func DownTag(id site.ID, slug string) string { return tag("down:", id) + ":" + slug }

// ArticleTag stands for an article's live text.
func ArticleTag(id ArticleID) string { return tag("article:", site.ID(id)) }

// LinksTag stands for a site's links.
func LinksTag(id site.ID) string { return tag("links:", id) }

// NetworkTag stands for everything.
const NetworkTag = "network"

func tag(prefix string, id site.ID) string { return prefix + strconv.FormatInt(int64(id), 10) }
