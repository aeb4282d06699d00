package portal

import "strconv"

// widths are the widths in which package files keeps a picture, beside the original's.
var widths = []int{480, 960, 1600}

// pictureURL returns the address of a picture, at most so wide. have is the original's width; 0: not known.
func pictureURL(file string, have, width int) string {
	best := widths[0]
	for _, w := range widths {
		if w <= width && (have == 0 || w <= have) {
			best = w
		}
	}
	return "/files/" + file + "/w" + strconv.Itoa(best) + ".webp"
}
