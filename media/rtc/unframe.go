package rtc

import (
	"encoding/binary"
	"errors"
	"io"

	"xianfeng/media/datagram"
)

const frameHeader = 2 // RFC 4571 §2: the length of the datagram that follows

var errFrame = errors.New("a frame is longer than any datagram of WebRTC")

// unframer cuts a byte stream into datagrams (RFC 4571 §2). Its memory is fixed.
type unframer struct {
	r        io.Reader
	from, to int // of buf, what has been read and not been returned
	buf      [2 * (frameHeader + datagram.MaxReceive)]byte
}

// next returns the next datagram, which is valid until next is called again. Empty ones are skipped. A
// length that can't be meant ends the connection: there is no way to find the frame after it.
func (u *unframer) next() ([]byte, error) {
	for {
		if have := u.buf[u.from:u.to]; len(have) >= frameHeader {
			n := int(binary.BigEndian.Uint16(have))
			switch {
			case n > datagram.MaxReceive:
				return nil, errFrame
			case len(have) >= frameHeader+n:
				u.from += frameHeader + n
				if n == 0 {
					continue
				}
				return have[frameHeader : frameHeader+n], nil
			}
		}
		if u.from > 0 {
			u.from, u.to = 0, copy(u.buf[:], u.buf[u.from:u.to])
		}
		n, err := u.r.Read(u.buf[u.to:])
		u.to += n
		if n == 0 && err != nil {
			return nil, err //nolint:wrapcheck // how the connection ended
		}
	}
}

// unread returns everything from the datagram that next returned last on, as it was read.
func (u *unframer) unread(last []byte) []byte {
	return u.buf[u.from-len(last)-frameHeader : u.to]
}
