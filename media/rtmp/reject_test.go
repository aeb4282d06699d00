package rtmp

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortmplib/pkg/bytecounter"
	"github.com/bluenviron/gortmplib/pkg/message"
)

// Whoever got through the handshake is told why it is closed before it could ask for anything.
func TestRejectionsSayWhy(t *testing.T) {
	hello := command0("connect", 3, 0, 0, 9)
	for _, x := range []struct {
		what string
		send []byte
		name string
		want []string
	}{
		{"broken AMF", wrap(2, 0, 99, 'x'), "_error", []string{"NetConnection.Connect.Rejected", "command"}},
		{"no connect", command0("play", 5, 5), "_error", []string{"NetConnection.Connect.Rejected", "before connect"}},
		{"connect without parameters", command0("connect"), "_error", []string{"NetConnection.Connect.Rejected", "no parameters"}},
		{"a bad chunk size", setChunk(1), "_error", []string{"NetConnection.Connect.Rejected", "set chunk size: 1"}},
		{"silence", nil, "_error", []string{"NetConnection.Connect.Rejected", "timed out"}},
		{"a second connect", append(hello[:len(hello):len(hello)], hello...), "onStatus", []string{"NetConnection.Connect.Failed", "a second time"}},
		{"a bad chunk size later", append(hello[:len(hello):len(hello)], setChunk(0)...), "onStatus", []string{"NetConnection.Connect.Failed", "set chunk size: 0"}},
	} {
		t.Run(x.what, func(t *testing.T) {
			h := newHouse(t, openGate, Config{Timeout: 300 * time.Millisecond})
			nc, err := net.Dial("tcp", h.srv.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			nc.SetDeadline(time.Now().Add(patience)) //nolint:errcheck // then the test fails
			if err := greet(nc); err != nil {
				t.Fatal(err)
			}
			if _, err := nc.Write(x.send); err != nil {
				t.Fatal(err)
			}
			counted := bytecounter.NewReader(nc)
			in := message.NewReader(counted, counted, func(uint32) error { return nil })
			var last *message.CommandAMF0
			for {
				m, err := in.Read()
				if err != nil {
					break
				}
				if c, ok := m.(*message.CommandAMF0); ok {
					last = c
				}
			}
			if last == nil || last.Name != x.name {
				t.Fatalf("got %+v, want %s", last, x.name)
			}
			for _, want := range x.want {
				if got := describe(last); !strings.Contains(got, want) {
					t.Errorf("got %q, want %q in it", got, want)
				}
			}
			if last.Name == "_error" && last.CommandID != 1 {
				t.Errorf("got an answer to command %d, want 1", last.CommandID)
			}
			nc.Close() //nolint:errcheck // the server waits for it
			h.idle(t)
		})
	}
}

// wrap makes a command message of b.
func wrap(b ...byte) []byte {
	return append([]byte{3, 0, 0, 0, 0, 0, byte(len(b)), 20, 0, 0, 0, 0}, b...)
}

// command0 makes a command with number 1 and the encoded arguments.
func command0(name string, args ...byte) []byte {
	b := append([]byte{2, 0, byte(len(name))}, name...)
	b = append(b, 0, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0)
	return wrap(append(b, args...)...)
}
