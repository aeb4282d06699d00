package mp4

import (
	"encoding/binary"
	"fmt"
)

// configs are the boxes that configure a decoder.
var configs = map[string]bool{"avcC": true, "hvcC": true, "av1C": true, "esds": true, "dOps": true, "vpcC": true}

// readStsd reads the sample descriptions (§8.5.2).
func (t *Track) readStsd(b box) error {
	src := &t.file.src
	if b.len() < 8 {
		return orDamaged(nil, "stsd")
	}
	return src.each(b.data+8, b.end, func(x box) error {
		if len(t.Entries) == maxEntries {
			return fmt.Errorf("%w: too many sample descriptions", ErrDamaged)
		}
		e := Entry{Format: x.typ}
		var head [36]byte // of a description of sound of version 1 at the most, or of a picture's beginning
		n := min(int64(len(head)), x.len())
		if err := src.at(head[:n], x.data); err != nil {
			return err
		}
		inner := x.data + 8
		switch t.Kind {
		case Picture: // §12.1.3
			inner = x.data + 78
			e.Width, e.Height = int(binary.BigEndian.Uint16(head[24:])), int(binary.BigEndian.Uint16(head[26:]))
		case Sound: // §12.2.3; the versions are QuickTime's
			inner = x.data + 28
			e.Channels, e.SampleRate = int(binary.BigEndian.Uint16(head[16:])), int(binary.BigEndian.Uint16(head[24:]))
			switch binary.BigEndian.Uint16(head[8:]) {
			case 1:
				inner += 16
			case 2:
				inner += 36
			}
		case Other:
			t.Entries = append(t.Entries, e)
			return nil
		}
		if inner < x.end {
			if err := e.readConfig(src, inner, x.end, 0); err != nil {
				return err
			}
		}
		t.Entries = append(t.Entries, e)
		return nil
	})
}

func (e *Entry) readConfig(src *source, begin, end int64, depth int) error {
	if depth == maxDepth {
		return fmt.Errorf("%w: boxes in boxes", ErrDamaged)
	}
	return src.each(begin, end, func(b box) (err error) {
		switch {
		case b.typ == "wave": // QuickTime puts esds one deeper
			return e.readConfig(src, b.data, b.end, depth+1)
		case configs[b.typ] && e.Config == nil:
			e.Config, err = src.load(b, maxConfig)
		}
		return err
	})
}
