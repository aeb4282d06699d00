package datagram

// plainOutlet sends one datagram per system call: what works everywhere.
type plainOutlet struct{ s *Socket }

func (o plainOutlet) send(msgs []message) {
	for i := range msgs {
		m := &msgs[i]
		for b := m.data; len(b) > 0; {
			n := min(m.seg, len(b))
			if _, err := o.s.conn.WriteToUDPAddrPort(b[:n], m.to.AddrPort); err != nil {
				o.s.refused.Add(1)
			}
			b = b[n:]
		}
	}
}
