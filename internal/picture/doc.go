// Package picture owns what becomes of a picture that somebody uploads: it is known by its bytes, checked
// before it is unpacked, turned upright, freed of everything but its pixels (where it was taken, with what,
// by whom), and made in the few widths that pages show, as WebP and as JPEG; as PNG where it can be seen
// through.
//
// It refuses names and types that somebody claims, drawings that can carry scripts, and pictures that unpack to
// more than the memory that is set aside. It keeps nothing, neither what came nor what was made.
//
// # Bounds
//
// A [Maker] works on two pictures at once and estimates from their headers what unpacking them takes; together
// they stay below [MaxMemory]. Who comes while [maxWaiting] wait is told to come again. The encoder of WebP
// runs in a sandbox of its own, for one picture at a time.
package picture
