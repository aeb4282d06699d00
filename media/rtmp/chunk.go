package rtmp

import (
	"encoding/binary"
	"io"
	"net"
	"time"
)

const (
	// outChunk is the size of the chunks we send.
	outChunk = 65536
	// Audio and video have chunk streams of their own; commands and control use others, whose state
	// gortmplib keeps.
	audioChunks = 4
	videoChunks = 6
	dataChunks  = 7
)

const (
	typeAudio = 8
	typeVideo = 9
)

// chunkWriter writes audio and video messages as chunks (RTMP 1.0 §5.3) without copying their payload,
// which many players share.
type chunkWriter struct {
	w     io.Writer
	times [64]chunkTime // by chunk stream
	head  []byte
	bufs  net.Buffers
}

// chunkTime is what the next message header of a chunk stream refers to.
type chunkTime struct {
	begun bool
	at    uint32
}

const longTime = 0xffffff // RTMP 1.0 §5.3.1.3: from here on times need the extended field

// write sends one message. It neither changes nor keeps parts.
func (c *chunkWriter) write(chunks, typ byte, at time.Duration, parts ...[]byte) (int, error) {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	// Headers are slices of head, which therefore must not move: the first takes up to 16 bytes, the
	// others up to 5.
	if need := 16 + 5*(size/outChunk+1); cap(c.head) < need {
		c.head = make([]byte, 0, need)
	}
	c.head, c.bufs = c.head[:0], c.bufs[:0]
	long := c.start(chunks, typ, uint32(at/time.Millisecond), size)
	left := outChunk
	for _, p := range parts {
		for len(p) > 0 {
			if left == 0 {
				c.proceed(chunks, long)
				left = outChunk
			}
			n := min(left, len(p))
			c.bufs = append(c.bufs, p[:n:n])
			p, left = p[n:], left-n
		}
	}
	out := c.bufs // WriteTo eats its slice, not ours
	n, err := out.WriteTo(c.w)
	clear(c.bufs[:cap(c.bufs)]) // or a player that waits would keep the unit
	return int(n), err
}

// start makes a message's first header, and returns the extended time that the others repeat, or 0.
func (c *chunkWriter) start(chunks, typ byte, at uint32, size int) (long uint32) {
	t := &c.times[chunks]
	delta := at - t.at
	form, field := byte(1), delta
	if !t.begun || delta >= longTime {
		form, field = 0, at
	}
	t.begun, t.at = true, at
	if field >= longTime {
		field, long = longTime, field
	}
	c.head = append(c.head, form<<6|chunks, byte(field>>16), byte(field>>8), byte(field), byte(size>>16), byte(size>>8), byte(size), typ)
	if form == 0 {
		c.head = append(c.head, streamID, 0, 0, 0)
	}
	if long != 0 {
		c.head = binary.BigEndian.AppendUint32(c.head, long)
	}
	c.bufs = append(c.bufs, c.head)
	return long
}

// proceed makes the header of a message's further chunk.
func (c *chunkWriter) proceed(chunks byte, long uint32) {
	from := len(c.head)
	c.head = append(c.head, 3<<6|chunks)
	if long != 0 {
		c.head = binary.BigEndian.AppendUint32(c.head, long)
	}
	c.bufs = append(c.bufs, c.head[from:])
}
