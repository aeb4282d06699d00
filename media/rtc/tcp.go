package rtc

import (
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/pion/ice/v4"
)

const silentTime = 10 * time.Second // for a connection to say who it is

// tcpMux is the port over TCP (RFC 6544) for publishers without UDP.
type tcpMux struct {
	mux *ice.TCPMuxDefault
	l   *listener
}

// openTCPMux listens on the same address as the UDP socket. Publishers do without TCP where it is taken.
func openTCPMux(a netip.AddrPort, log *slog.Logger) *tcpMux {
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(a))
	if err != nil {
		log.Warn("WebRTC does without TCP", "address", a.String(), "error", err)
		return nil
	}
	return newTCPMux(l, log)
}

func newTCPMux(inner net.Listener, log *slog.Logger) *tcpMux {
	l := newListener(inner, log)
	return &tcpMux{l: l, mux: ice.NewTCPMuxDefault(ice.TCPMuxParams{
		Listener: l, Logger: quiet{}, ReadBufferSize: 64, WriteBufferSize: 1 << 20,
		FirstStunBindTimeout: silentTime, AliveDurationForConnFromStun: silentTime,
	})}
}

// close closes the connections first: the mux waits for each until it has said something.
func (m *tcpMux) close() {
	m.l.Close()   //nolint:errcheck // nothing to be done
	m.mux.Close() //nolint:errcheck // nothing to be done
}
