// Command make-pictures draws the pictures of the demo: calm landscapes and places that exist nowhere, so
// that nobody's rights and nobody's face are in them. It is run by go generate; what it makes is committed.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gen2brain/webp"
)

// A picture is as good as fits into size: what is calm gets the best quality, what is full of leaves less.
const (
	size  = 48_000
	best  = 82
	worst = 46
)

func main() {
	dir := flag.String("to", "data/pictures", "`folder` that the pictures go to")
	only := flag.String("only", "", "draw this one only")
	flag.Parse()
	if err := run(*dir, *only); err != nil {
		fmt.Fprintln(os.Stderr, "make-pictures:", err)
		os.Exit(1)
	}
}

func run(dir, only string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	total := 0
	for i, s := range scenes() {
		if only != "" && s.name != only {
			continue
		}
		c := newCanvas(uint64(i)*977 + 13)
		s.draw(c)
		var b bytes.Buffer
		picture := c.image()
		for q := best; q >= worst; q -= 4 {
			b.Reset()
			if err := webp.Encode(&b, picture, webp.Options{Quality: q, Method: 6}); err != nil {
				return fmt.Errorf("encode %s: %w", s.name, err)
			}
			if b.Len() <= size {
				break
			}
		}
		total += b.Len()
		if err := os.WriteFile(filepath.Join(dir, s.name+".webp"), b.Bytes(), 0o644); err != nil { //nolint:gosec // part of the source
			return err
		}
	}
	fmt.Println(total, "bytes")
	return nil
}
