package rtc

import (
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/pion/ice/v4"
	"golang.org/x/net/netutil"
)

const (
	maxTCP     = 512 // connections; more wait in the kernel's queue
	silentTime = 10 * time.Second
)

// tcpMux is the port over TCP (RFC 6544) for publishers without UDP.
type tcpMux struct {
	mux *ice.TCPMuxDefault
	l   net.Listener
}

// openTCPMux listens on the same address as the UDP socket. Publishers do without TCP where it is taken.
func openTCPMux(a netip.AddrPort, log *slog.Logger) *tcpMux {
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(a))
	if err != nil {
		log.Warn("WebRTC does without TCP", "address", a.String(), "error", err)
		return nil
	}
	limited := netutil.LimitListener(l, maxTCP)
	return &tcpMux{l: limited, mux: ice.NewTCPMuxDefault(ice.TCPMuxParams{
		Listener: limited, Logger: quiet{}, ReadBufferSize: 64, WriteBufferSize: 1 << 20,
		FirstStunBindTimeout: silentTime, AliveDurationForConnFromStun: silentTime,
	})}
}

func (m *tcpMux) close() {
	m.mux.Close() //nolint:errcheck // nothing to be done
	m.l.Close()   //nolint:errcheck // closed by the mux already
}
