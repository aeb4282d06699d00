package datagram

// mmsgOutlet sends many datagrams per system call.
type mmsgOutlet struct{ v *vector }

func (o mmsgOutlet) send(msgs []message, buf []byte) {
	for i := range msgs {
		o.v.split(&msgs[i], buf)
	}
	o.v.flush()
}
