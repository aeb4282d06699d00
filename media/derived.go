package media

import "time"

// Derived is a stream of one track that is made inside the process out of another stream: the same
// moments in another coding. Nobody publishes it and no hub lists it.
type Derived struct {
	s      *Stream
	parent *Stream
}

// Derive begins a derived stream. Whoever asks for it ends it with End.
func (s *Stream) Derive(t Track) *Derived {
	return &Derived{s: newStream(s.name, []Track{t}, s.totals), parent: s}
}

// Stream returns the stream to read from. Its times are those of the parent.
func (d *Derived) Stream() *Stream { return d.s }

// Write brings in one unit of sound. pts is on the parent's time. For one goroutine at a time.
func (d *Derived) Write(pts time.Duration, epoch uint32, payload []byte) {
	d.s.append(&Unit{
		Key: true, Epoch: epoch, PTS: pts, DTS: pts, Time: d.parent.timeline.At(pts),
		Payload: [][]byte{payload}, Size: len(payload),
	})
}

// End ends the stream for its readers.
func (d *Derived) End(err error) { d.s.end(err) }
