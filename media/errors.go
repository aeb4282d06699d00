package media

import "errors"

// The kinds of failure that protocols translate into their own status codes.
// They are wrapped with the operation and the stream's name; test with errors.Is.
var (
	ErrBadName   = errors.New("not a stream name")
	ErrNotFound  = errors.New("no such stream")
	ErrBusy      = errors.New("the stream already has a publisher")
	ErrDenied    = errors.New("not allowed")
	ErrBadTracks = errors.New("no track that can be carried")
	ErrCodec     = errors.New("no codec in common")
	ErrReordered = errors.New("the stream has B-frames, which this protocol can't carry")
	ErrEnded     = errors.New("the stream has ended")
	ErrReplaced  = errors.New("another publisher took over")
	ErrKicked    = errors.New("closed by the operator")
	ErrLimit     = errors.New("too many")
)
