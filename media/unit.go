package media

import "time"

// Unit is one access unit: a picture, or one packet of sound. Units are shared by all readers of a
// stream; nobody changes one after it was written.
type Unit struct {
	// Seq counts the units of the stream, all tracks together, without gaps.
	Seq uint64
	// Track is an index into Stream.Tracks.
	Track int
	// Key: decoding can begin here. Always true for sound.
	Key bool
	// Epoch grows by one whenever what follows does not continue what went before (another
	// publisher, a jump of the source's clock): HLS marks a discontinuity, decoders start afresh.
	// PTS and DTS go on growing across it.
	Epoch uint32
	// PTS and DTS are times of presentation and of decoding on the stream's own time, which begins
	// at Origin and never steps back: DTS of a track strictly grows, PTS >= DTS.
	PTS, DTS time.Duration
	// Time is the programme time of PTS: the wall clock when it happened.
	Time time.Time
	// Params holds the parameters in force, for video: never nil, and the same pointer until they change.
	Params *Params
	// Payload by codec: H264, H265: NAL units without start codes and access unit delimiters, a key
	// unit beginning with its parameter sets. AV1: OBUs without size fields and temporal delimiters, a
	// key unit with its sequence header. Everything else: exactly one element, the frame or the
	// packet; for PCMA and PCMU the samples, channels interleaved.
	Payload [][]byte
	// Size is the length of Payload in bytes, all elements together.
	Size int
}

// Origin is where the time of every stream begins. It is not zero so that a track whose first unit is
// somewhat older than the stream's first unit does not need negative times.
const Origin = 10 * time.Second

// Sample is what a publisher hands in: a unit before it was made regular.
type Sample struct {
	// PTS is on the publisher's own clock, with any origin, the same for all its tracks.
	PTS time.Duration
	// DTS is on the same clock. Set HasDTS where the protocol carries it; else it is worked out.
	DTS    time.Duration
	HasDTS bool
	// Capture is the wall clock at which PTS was captured, where the protocol tells (RTCP sender
	// reports, abs-capture-time); else zero, and the time of arrival is used.
	Capture time.Time
	// Payload as in Unit, but without its promises: delimiters may be in it, parameter sets may be
	// missing, sound may be several packets that follow one another. Write takes ownership of it.
	Payload [][]byte
}
