package rtmp

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortmplib/pkg/bytecounter"
	"github.com/bluenviron/gortmplib/pkg/message"
	"github.com/bluenviron/gortmplib/pkg/rawmessage"
)

// begin returns the first chunk of a message of size bytes on each of n chunk streams, from 10 on.
func begin(n, size int, typ byte, at uint32, chunk int) []byte {
	var b []byte
	for i := range n {
		b = append(b, byte(10+i), byte(at>>16), byte(at>>8), byte(at), byte(size>>16), byte(size>>8), byte(size), typ, 1, 0, 0, 0)
		b = append(b, bytes.Repeat([]byte{'y'}, chunk)...)
	}
	return b
}

func setChunk(n uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0}, n)
}

func readerOf(b []byte) *chunkReader {
	return newChunkReader(bytes.NewReader(b), func() error { return nil })
}

// footprint is what the reader holds of messages.
func (c *chunkReader) footprint() int {
	n := 0
	for _, m := range c.in {
		if m != nil {
			n += cap(m.body)
		}
	}
	return n
}

// What gortmplib writes must be read: all header forms, over chunk borders, with extended times.
func TestMessagesOfAnotherWriterAreRead(t *testing.T) {
	var wire bytes.Buffer
	w := rawmessage.NewWriter(&wire, bytecounter.NewWriter(&wire), false)
	var want []*rawmessage.Message
	for i, at := range []time.Duration{0, 40, 80, 120, 0xfffffe, 0xffffff, 0x1000000, 0x1000028, 0x1000050, 0xfffffff0} {
		for id, size := range map[byte]int{4: 60, 6: 128, 8: 129, 10: 1000 + i%2} {
			m := &rawmessage.Message{
				ChunkStreamID: id, Timestamp: at * time.Millisecond, Type: uint8(message.TypeVideo),
				MessageStreamID: streamIDOnWire, Body: bytes.Repeat([]byte{byte(i + 1)}, size),
			}
			if err := w.Write(m); err != nil {
				t.Fatal(err)
			}
			want = append(want, m)
		}
	}
	r := readerOf(wire.Bytes())
	for i, x := range want {
		m, err := r.read()
		if err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
		if m.ChunkStreamID != x.ChunkStreamID || m.Timestamp != x.Timestamp || m.Type != x.Type || m.MessageStreamID != x.MessageStreamID || !bytes.Equal(m.Body, x.Body) {
			t.Fatalf("message %d: got %d at %v, %d bytes; want %d at %v, %d bytes",
				i, m.ChunkStreamID, m.Timestamp, len(m.Body), x.ChunkStreamID, x.Timestamp, len(x.Body))
		}
	}
	if r.held != 0 || r.footprint() != 0 {
		t.Errorf("%d bytes held, %d in memory after the last message; want none", r.held, r.footprint())
	}
}

func TestMessagesInterleaveAndAbort(t *testing.T) {
	wire := begin(2, 200, 9, 5, 128)
	wire = append(append(wire, 0xc0|11), bytes.Repeat([]byte{'z'}, 72)...)
	r := readerOf(wire)
	m, err := r.read()
	if err != nil || m.ChunkStreamID != 11 || string(m.Body) != strings.Repeat("y", 128)+strings.Repeat("z", 72) {
		t.Fatalf("got %+v, %v; want the message of chunk stream 11", m, err)
	}
	if r.held != 200 {
		t.Errorf("got %d bytes held, want 200", r.held)
	}
	r.abort(10)
	r.abort(1 << 31)
	if r.held != 0 || r.footprint() != 0 {
		t.Errorf("%d bytes held, %d in memory after the abort; want none", r.held, r.footprint())
	}
}

// A header alone costs nothing much, and what has come of a large message at most twice that.
func TestHalfReceivedMessagesTakeLittleMemory(t *testing.T) {
	r := readerOf(begin(1, publisherMessage, 9, 0, 1<<20))
	r.trust()
	if err := r.setChunkSize(1 << 20); err != nil {
		t.Fatal(err)
	}
	if _, err := r.read(); err == nil {
		t.Fatal("half a message was read")
	}
	if got := r.footprint(); got > 2<<20 {
		t.Errorf("got %d bytes for a megabyte, want at most twice that", got)
	}
	r = readerOf(begin(60, strangerHeld/60, 20, 0, 128))
	if _, err := r.read(); err == nil {
		t.Fatal("half a message was read")
	}
	if got := r.footprint(); got > strangerHeld {
		t.Errorf("got %d bytes of a stranger's, want at most %d", got, strangerHeld)
	}
}

func TestAPublisherThatBeginsTooMuchIsClosed(t *testing.T) {
	h := newHouse(t, openGate, Config{})
	c := mustConnect(t, h.url("cam", ""), true)
	// A small message in between must not make the large ones forgotten.
	wire := append(setChunk(128), begin(1, 9<<20, 9, 0, 128)...)
	wire = append(wire, setChunk(128)...)
	wire = append(wire, begin(2, 9<<20, 9, 0, 128)[140:]...)
	if _, err := c.NetConn().Write(wire); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, c, "bytes of messages begun and not ended, more than 16777216")
	h.idle(t)
}

// Chunks of one byte are a thousand times the work.
func TestAPublisherOfTinyChunksIsClosed(t *testing.T) {
	h := newHouse(t, openGate, Config{})
	c := mustConnect(t, h.url("cam", ""), true)
	if _, err := c.NetConn().Write(setChunk(127)); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, c, "set chunk size: 127 is not within 128")
	h.idle(t)
}

// FuzzChunks reads whatever, and watches the memory.
func FuzzChunks(f *testing.F) {
	f.Add(begin(3, 300, 9, longTime, 128), false)
	f.Add(append(setChunk(128), 0x42, 0, 0, 1, 0, 0, 1, 3, 9, 0x82, 0, 0, 1, 9, 0xc2, 9), true)
	f.Add(append([]byte{4, 0xff, 0xff, 0xff, 0, 0, 129, 8, 1, 0, 0, 0, 1, 0, 0, 0}, bytes.Repeat([]byte{0xc4, 1, 0, 0, 0}, 60)...), true)
	f.Fuzz(func(t *testing.T, b []byte, trusted bool) {
		r := readerOf(b)
		if trusted {
			r.trust()
		}
		for {
			m, err := r.read()
			if r.held < 0 || r.held > r.maxHeld || r.footprint() > r.held {
				t.Fatalf("holds %d bytes in memory of %d announced, at most %d", r.footprint(), r.held, r.maxHeld)
			}
			if err != nil {
				return
			}
			if len(m.Body) > r.maxMessage {
				t.Fatalf("a message of %d bytes", len(m.Body))
			}
			if m.Type == uint8(message.TypeSetChunkSize) && len(m.Body) >= 4 {
				if r.setChunkSize(binary.BigEndian.Uint32(m.Body)) != nil {
					return
				}
			}
			r.abort(uint32(len(m.Body)))
		}
	})
}
