package media

// Action is what somebody wants to do with a stream.
type Action string

// The actions.
const (
	Publish Action = "publish"
	Read    Action = "read"
)

// Access is one question to the gate.
type Access struct {
	Action   Action
	Stream   string // a checked name
	Protocol string
	Remote   string // host:port of the peer
	Key      string // stream key or bearer token; never logged
}

// Gate says who may publish and read. Allow returns nil, or an error that wraps ErrDenied (or ErrLimit).
// It must not block: it is asked on protocol goroutines.
type Gate interface {
	Allow(Access) error
}

// GateFunc makes a function a Gate.
type GateFunc func(Access) error

// Allow calls f.
func (f GateFunc) Allow(a Access) error { return f(a) }
