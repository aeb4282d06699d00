package datagram

// gsoOutlet sends many messages per system call, each of which the kernel, or the network card, cuts
// into datagrams (UDP_SEGMENT, Linux 4.18): the way through the stack is walked once per message.
type gsoOutlet struct{ v *vector }

func (o gsoOutlet) send(msgs []message) {
	v := o.v
	for i := range msgs {
		if m := &msgs[i]; m.count == 1 || m.to.uncut.Load() {
			v.split(m)
		} else {
			v.add(m.to, m.data, m)
		}
	}
	v.flush()
	for _, m := range v.uncut {
		v.split(m)
	}
	clear(v.uncut)
	v.uncut = v.uncut[:0]
	v.flush()
}
