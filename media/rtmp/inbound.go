package rtmp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bluenviron/gortmplib/pkg/rawmessage"
)

// How large messages may be, and all that are half-received together. Until somebody publishes, commands
// are all that is to be expected; a publisher's access unit is at most 8 MiB.
const (
	strangerHeld     = 64 << 10
	publisherMessage = 10 << 20
	publisherHeld    = 16 << 20
)

// The sizes of chunks that a peer may choose (RTMP 1.0 §5.4.1). Less than the 128 bytes that are the
// default, which nobody means, would make every few bytes cost a round of work.
const (
	minChunk = 128
	maxChunk = 1<<31 - 1
)

// chunkReader reads messages out of chunks (RTMP 1.0 §5.3). Its memory is bounded by what has arrived and
// by maxHeld, whatever the peer announces; of finished messages it keeps nothing.
type chunkReader struct {
	r     *bufio.Reader
	chunk int                            // the peer's chunk size
	after func() error                   // called after each chunk
	in    [maxChunkStream + 1]*inMessage // by chunk stream

	maxMessage, maxHeld int
	held                int // announced bytes of the messages that are half-received
}

const maxChunkStream = 63 // beyond need a longer header, which no known client sends

// inMessage is the message that comes in on a chunk stream, and what the next header there refers to.
type inMessage struct {
	at, delta uint32
	long      bool // chunks without a header repeat the extended time
	size      int
	typ       uint8
	stream    uint32

	open bool // half-received
	body []byte
}

func newChunkReader(r io.Reader, after func() error) *chunkReader {
	return &chunkReader{r: bufio.NewReader(r), chunk: minChunk, after: after, maxMessage: maxData, maxHeld: strangerHeld}
}

// trust lets the peer send what publishers send.
func (c *chunkReader) trust() { c.maxMessage, c.maxHeld = publisherMessage, publisherHeld }

// setChunkSize obeys the peer's choice.
func (c *chunkReader) setChunkSize(n uint32) error {
	if n < minChunk || n > maxChunk {
		return fmt.Errorf("set chunk size: %d is not within %d and %d", n, minChunk, maxChunk)
	}
	c.chunk = int(n)
	return nil
}

// abort drops what is half-received on a chunk stream (RTMP 1.0 §5.4.2).
func (c *chunkReader) abort(id uint32) {
	if id <= maxChunkStream && c.in[id] != nil {
		c.close(c.in[id])
	}
}

func (c *chunkReader) close(m *inMessage) {
	if m.open {
		c.held -= m.size
	}
	m.open, m.body = false, nil
}

// read returns the next message. The caller owns its body.
func (c *chunkReader) read() (*rawmessage.Message, error) {
	for {
		id, m, err := c.header()
		if err != nil {
			return nil, err
		}
		if err := c.fill(m); err != nil {
			return nil, err
		}
		if err := c.after(); err != nil {
			return nil, err
		}
		if len(m.body) < m.size {
			continue
		}
		done := &rawmessage.Message{
			ChunkStreamID: id, Timestamp: time.Duration(m.at) * time.Millisecond,
			Type: m.typ, MessageStreamID: m.stream, Body: m.body,
		}
		c.close(m)
		return done, nil
	}
}

// header reads a chunk's header and returns the message that the chunk belongs to.
func (c *chunkReader) header() (id byte, m *inMessage, err error) {
	first, err := c.r.ReadByte()
	if err != nil {
		return 0, nil, err
	}
	form := first >> 6
	id = first & maxChunkStream
	if id < 2 {
		return 0, nil, errors.New("chunk: stream ids above 63 are not supported")
	}
	m = c.in[id]
	switch {
	case m == nil && form != 0:
		return 0, nil, fmt.Errorf("chunk: the first of stream %d has no full header", id)
	case m == nil:
		m = &inMessage{}
		c.in[id] = m
	case m.open && form != 3:
		return 0, nil, fmt.Errorf("chunk: a message begins within another on stream %d", id)
	}
	var b [11]byte
	head := b[:[4]int{11, 7, 3, 0}[form]]
	if _, err := io.ReadFull(c.r, head); err != nil {
		return 0, nil, err
	}
	var field uint32
	if form < 3 {
		field = uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
		m.long = field == longTime
	}
	if m.long {
		var long [4]byte
		if _, err := io.ReadFull(c.r, long[:]); err != nil {
			return 0, nil, err
		}
		field = binary.BigEndian.Uint32(long[:])
	}
	if m.open {
		return id, m, nil
	}
	switch form {
	case 0:
		m.at, m.delta = field, 0
		// Little-endian by the standard (§5.3.1.2.1), but gortmplib's messages have it as it is on the wire.
		m.stream = binary.BigEndian.Uint32(b[7:])
	case 1, 2:
		m.delta = field
	}
	m.at += m.delta
	if form < 2 {
		m.size, m.typ = int(b[3])<<16|int(b[4])<<8|int(b[5]), b[6]
	}
	return id, m, c.open(m)
}

// open lets a message begin if it is not too much.
func (c *chunkReader) open(m *inMessage) error {
	if m.size > c.maxMessage {
		return fmt.Errorf("chunk: a message of %d bytes, more than %d", m.size, c.maxMessage)
	}
	if c.held+m.size > c.maxHeld {
		return fmt.Errorf("chunk: %d bytes of messages begun and not ended, more than %d", c.held+m.size, c.maxHeld)
	}
	c.held += m.size
	m.open = true
	return nil
}

// fill reads a chunk's content. A small message gets its memory at once, a large one never more than
// twice what has come of it.
func (c *chunkReader) fill(m *inMessage) error {
	const small = 64 << 10
	left := min(c.chunk, m.size-len(m.body))
	for left > 0 {
		if len(m.body) == cap(m.body) {
			grown := make([]byte, len(m.body), min(m.size, max(small, 2*cap(m.body))))
			copy(grown, m.body)
			m.body = grown
		}
		from := len(m.body)
		n := min(left, cap(m.body)-from)
		if _, err := io.ReadFull(c.r, m.body[from:from+n]); err != nil {
			return err
		}
		m.body, left = m.body[:from+n], left-n
	}
	return nil
}
