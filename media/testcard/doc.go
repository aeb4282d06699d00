// Package testcard owns the test programme: one minute of picture and sound that lies encoded in the
// program, played in a loop as the publisher of a stream. It needs no outside program. It refuses
// encoding at run time and settings: there is one card.
//
// # Its clock is true
//
// The clip is exactly one minute long and is played locked to the wall clock: the picture that says
// 07.32 is published when the minute is 7.32 seconds old (UTC). So the seconds burnt into the picture
// can be compared with any good clock, and two viewers with each other, although nothing is drawn or
// encoded while it runs. The tick sounds when the pendulum crosses its mark, on every full second.
//
// # The row of blocks
//
// The sixteen blocks at the bottom say the same to a program. Block i (0 to 15, left to right) is 5 % of
// the picture wide and has its centre at x = (12.5 + 5 i) % of the width and y = 11/12 of the height,
// whatever the size of the picture:
//
//	block 0       white       the brightness of a one
//	block 1       black       the brightness of a zero
//	blocks 2-12   the number of the picture within the minute, 0 to 1499, as an 11-bit reflected
//	              binary (Gray) code, highest bit first, one is white
//	block 13      one where the blocks 2-12 hold an even number of ones (odd parity)
//	block 14      black
//	block 15      white
//
// A block is a one if its middle is brighter than halfway between block 0 and block 1. Neighbours
// differ in one bit and the parity, so half of one picture and half of the next are never taken for a
// third. Picture n stands for the times from n/25 s to (n+1)/25 s of the minute. In a browser, with a
// canvas that a video was drawn on:
//
//	const luma = i => {
//	  const [r, g, b] = ctx.getImageData(w * (0.125 + 0.05 * i) | 0, h * 11 / 12 | 0, 1, 1).data;
//	  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
//	};
//	const half = (luma(0) + luma(1)) / 2, bit = i => luma(i) > half ? 1 : 0;
//	let n = 0, last = 0, ones = 0;
//	for (let i = 2; i <= 12; i++) { last ^= bit(i); n = n << 1 | last; ones += bit(i); }
//	const valid = bit(0) && !bit(1) && !bit(14) && bit(15) && (ones + bit(13)) % 2 === 1 && n < 1500;
//
// # Making the clip
//
// clip.mp4 is made by the command make-clip below this folder (go generate; it wants ffmpeg with
// libx264 and libopus, and Debian's fonts-noto-cjk) and is the same to the byte for the same versions of those.
package testcard
