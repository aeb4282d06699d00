package rtsp

// datagrams is a burst as UDP viewers get it: its RTP packets without framing, made once for all of them.
// It does not change.
type datagrams struct {
	bytes   []byte // the packets, one after the other
	runs    []run
	reports [][]byte // for the other port
}

// run is some packets that the kernel can cut: all of seg bytes but the last, which may be shorter.
type run struct {
	first, count int // packets of the burst
	off, end     int // in bytes
	seg          int
}

// datagrams returns the burst for UDP viewers. While there are some, a burst takes twice its bytes.
func (b *burst) datagrams() *datagrams {
	if d := b.unframed.Load(); d != nil {
		return d
	}
	d := b.unframe()
	if !b.unframed.CompareAndSwap(nil, d) { // another sender was faster
		return b.unframed.Load()
	}
	return d
}

func (b *burst) unframe() *datagrams {
	d := &datagrams{}
	if b.rtp == 1 { // sound, mostly: nothing lies between the packets
		d.bytes = b.bytes[framing:b.ends[0]]
		d.runs = []run{{count: 1, end: len(d.bytes), seg: len(d.bytes)}}
	} else {
		d.bytes = make([]byte, 0, b.ends[b.rtp-1]-b.rtp*framing)
		d.runs = make([]run, 0, 4)
		for i := range b.rtp {
			p, _ := b.frame(i)
			d.add(i, p)
		}
	}
	for i := b.rtp; i < len(b.ends); i++ {
		p, _ := b.frame(i)
		d.reports = append(d.reports, p)
	}
	return d
}

// add appends the i-th packet.
func (d *datagrams) add(i int, p []byte) {
	off := len(d.bytes)
	d.bytes = append(d.bytes, p...)
	if n := len(d.runs) - 1; n >= 0 {
		r := &d.runs[n]
		if len(p) <= r.seg && r.end-r.off == r.count*r.seg {
			r.count++
			r.end = len(d.bytes)
			return
		}
	}
	d.runs = append(d.runs, run{first: i, count: 1, off: off, end: len(d.bytes), seg: len(p)})
}

// part returns at most n packets from the i-th of the burst on, which is in the run.
func (r *run) part(bytes []byte, i, n int) []byte {
	from := r.off + (i-r.first)*r.seg
	return bytes[from:min(r.end, from+n*r.seg)]
}
