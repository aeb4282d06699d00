package rtmp

import (
	"bytes"
	"strings"
	"testing"

	"github.com/bluenviron/gortmplib/pkg/message"
	"github.com/bluenviron/gortmplib/pkg/rawmessage"
)

// gortmplib's AMF0 decoder recurses: ten megabytes of nothing but nesting would overflow the stack,
// which nothing can recover from.
func TestNestedDataIsBounded(t *testing.T) {
	level := []byte{3, 0, 1, 'a'} // an object with one value, which is an object, ...
	for _, x := range []struct {
		levels int
		want   string
	}{
		{maxData / len(level), "too short"},
		{10 << 20 / len(level), "more than"},
	} {
		_, err := decodeData(&rawmessage.Message{Type: uint8(message.TypeDataAMF0), Body: bytes.Repeat(level, x.levels)})
		if err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%d levels: got %v, want %q", x.levels, err, x.want)
		}
	}
}

func TestAMF3CommandsAreAMF0AfterOneByte(t *testing.T) {
	body := []byte{0, 2, 0, 4, 'p', 'l', 'a', 'y', 0, 0x40, 0x08, 0, 0, 0, 0, 0, 0, 5, 2, 0, 1, 'x'}
	x, ok, err := decodeCommand(&rawmessage.Message{Type: uint8(message.TypeCommandAMF3), Body: body})
	if err != nil || !ok || x.name != "play" || x.id != 3 || x.text(1) != "x" || x.text(0) != "" || x.text(7) != "" {
		t.Errorf("got %+v, %v, %v", x, ok, err)
	}
}
