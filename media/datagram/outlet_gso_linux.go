package datagram

// gsoOutlet sends many messages per system call, each of which the kernel, or the network card, cuts
// into datagrams (UDP_SEGMENT, Linux 4.18): the way through the stack is walked once per message.
type gsoOutlet struct{ v *vector }

func (o gsoOutlet) send(msgs []message, buf []byte) {
	v := o.v
	if v.s.noGSO.Load() {
		mmsgOutlet{v}.send(msgs, buf)
		return
	}
	for i := range msgs {
		m := &msgs[i]
		v.add(m.to, buf[m.off:m.off+m.len], m.seg, m.count > 1)
	}
	v.flush()
	for _, i := range v.refusedRuns {
		mmsgOutlet{v}.send(msgs[i:i+1], buf)
	}
	v.refusedRuns = v.refusedRuns[:0]
}
