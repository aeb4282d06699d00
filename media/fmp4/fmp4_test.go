package fmp4

import (
	"bytes"
	"testing"

	"xianfeng/media"
)

func TestOBUsGetSizes(t *testing.T) {
	u := &media.Unit{Payload: [][]byte{{0x0a << 0, 1, 2}, append([]byte{0x34, 0x08}, make([]byte, 300)...)}, Size: 305}
	b := AppendSample(nil, media.AV1, u)
	if len(b) != SampleSize(media.AV1, u) {
		t.Fatalf("size: got %d, want %d", len(b), SampleSize(media.AV1, u))
	}
	if want := []byte{0x0a, 2, 1, 2, 0x36, 0x08, 0xac, 0x02}; !bytes.HasPrefix(b, want) {
		t.Fatalf("got % x, want % x ...", b[:8], want)
	}
}
