package testcard

import (
	"image"
	"image/color"
	"math/bits"
	"time"
)

// The clip's measures.
const (
	Rate      = 25                 // pictures per second
	Frames    = 1500               // pictures in the clip
	FrameTime = time.Second / Rate // how long one is shown
	Length    = Frames * FrameTime // one minute
)

const (
	blockCount = 16
	numberAt   = 2 // first block of the number
	numberBits = 11
	parityAt   = numberAt + numberBits
)

// Blocks returns the row of blocks of picture n of the minute; true is white.
func Blocks(n int) [blockCount]bool {
	row := [blockCount]bool{0: true, blockCount - 1: true}
	gray := uint(n ^ n>>1)
	for i := range numberBits {
		row[numberAt+i] = gray>>(numberBits-1-i)&1 == 1
	}
	row[parityAt] = bits.OnesCount(gray)%2 == 0
	return row
}

// BlockCentre returns where the middle of block i is in a picture of that size.
func BlockCentre(i, width, height int) image.Point {
	return image.Pt(width*(5+2*i)/40, height*11/12)
}

// ReadBlocks returns the number of the picture within the minute from its row of blocks, and false
// where there is no such row, or one that is half of one picture and half of another.
func ReadBlocks(img image.Image) (n int, ok bool) {
	size := img.Bounds().Size()
	var luma [blockCount]int
	for i := range luma {
		p := BlockCentre(i, size.X, size.Y).Add(img.Bounds().Min)
		luma[i] = int(color.GrayModel.Convert(img.At(p.X, p.Y)).(color.Gray).Y)
	}
	if luma[0]-luma[1] < 64 {
		return 0, false
	}
	half := (luma[0] + luma[1]) / 2
	var row [blockCount]bool
	last := 0
	for i := range row {
		row[i] = luma[i] > half
		if i >= numberAt && i < parityAt {
			if row[i] {
				last ^= 1
			}
			n = n<<1 | last
		}
	}
	return n, n < Frames && row == Blocks(n)
}
