package datagram

// mmsgOutlet sends many datagrams per system call.
type mmsgOutlet struct{ v *vector }

func (o mmsgOutlet) send(msgs []message) {
	for i := range msgs {
		o.v.split(&msgs[i])
	}
	o.v.flush()
}
