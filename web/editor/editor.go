// Package editor owns the custom element <xf-editor>, in which people write, and what makes pasted text simple.
//
// It refuses articles: it knows a textarea, an address to upload to and a place in the browser where unsaved
// text is kept. What is harmless is decided on the server, by package clean.
package editor

import (
	"embed"

	"xianfeng/web/kit"
)

//go:embed *.js *.css
var embedded embed.FS

// Mount has the scripts and the style.
var Mount = kit.Mount{Prefix: "editor", FS: embedded}
