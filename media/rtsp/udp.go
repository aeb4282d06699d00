package rtsp

import (
	"errors"
	"fmt"
	"net"
	"strconv"
)

const (
	udpBuffer  = 2 << 20 // asked of the kernel for both directions; it gives what it allows
	pairTrials = 64      // random ports tried for one that is even with its neighbour free
)

// listenPair binds the addresses for RTP and RTCP: an even port and the next one (RFC 3550 §11).
func listenPair(rtp, rtcp string) (*net.UDPConn, *net.UDPConn, error) {
	host, port, err := net.SplitHostPort(rtp)
	if err != nil {
		return nil, nil, fmt.Errorf("RTP address: %w", err)
	}
	n, err := strconv.Atoi(port)
	if err != nil || n%2 != 0 {
		return nil, nil, fmt.Errorf("RTP address %q: the port must be even", rtp)
	}
	if n != 0 {
		if rtcp == "" {
			rtcp = net.JoinHostPort(host, strconv.Itoa(n+1))
		}
		return bindPair(rtp, rtcp)
	}
	for range pairTrials {
		var probe *net.UDPConn
		if probe, err = bindUDP(rtp); err != nil {
			return nil, nil, err
		}
		n = probe.LocalAddr().(*net.UDPAddr).Port &^ 1
		if err = probe.Close(); err != nil {
			return nil, nil, fmt.Errorf("probe %q: %w", rtp, err)
		}
		var a, b *net.UDPConn
		if a, b, err = bindPair(net.JoinHostPort(host, strconv.Itoa(n)), net.JoinHostPort(host, strconv.Itoa(n+1))); err == nil {
			return a, b, nil
		}
	}
	return nil, nil, fmt.Errorf("no free pair of ports: %w", err)
}

func bindPair(rtp, rtcp string) (*net.UDPConn, *net.UDPConn, error) {
	a, err := bindUDP(rtp)
	if err != nil {
		return nil, nil, err
	}
	b, err := bindUDP(rtcp)
	if err != nil {
		return nil, nil, errors.Join(err, a.Close())
	}
	return a, b, nil
}

func bindUDP(address string) (*net.UDPConn, error) {
	pc, err := net.ListenPacket("udp", address)
	if err != nil {
		return nil, fmt.Errorf("UDP: %w", err)
	}
	c := pc.(*net.UDPConn)
	// Best effort: smaller buffers only mean that bursts are lost sooner.
	c.SetReadBuffer(udpBuffer)  //nolint:errcheck // see above
	c.SetWriteBuffer(udpBuffer) //nolint:errcheck // see above
	return c, nil
}
