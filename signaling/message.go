package signaling

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// The limits of what a page sends.
const (
	MaxMessage = 16 << 10 // bytes
	MaxTopic   = 128
	MaxKind    = 32
	MaxToken   = 64
	// MaxNumber is the greatest id and version: scripts count in floating point.
	MaxNumber = 1<<53 - 1
)

// Version is the version of the protocol, Protocol its name in the handshake.
const (
	Version  = 1
	Protocol = "xianfeng.1"
)

// The types of messages.
const (
	Hello = "hello" // both ways, the first
	Sub   = "sub"   // page → server
	Unsub = "unsub"
	Time  = "time" // both ways
	Do    = "do"
	Done  = "done" // server → page
	Fail  = "fail"
	Topic = "topic"
	Gone  = "gone"
)

// Request is a message of a page. Which fields count depends on Type.
type Request struct {
	Type  string          `json:"t"`
	V     int             `json:"v"`     // hello
	Token string          `json:"token"` // hello: resumes
	ID    uint64          `json:"id"`    // sub, do: what done and fail answer
	Topic string          `json:"topic"` // sub, unsub
	Since *uint64         `json:"since"` // sub: the version that the page has; nil: none
	A     float64         `json:"a"`     // time: when the page sent it, by its own clock
	Kind  string          `json:"kind"`  // do
	Body  json.RawMessage `json:"body"`  // do
}

var errShape = errors.New("not a message")

// Parse reads a message of a page. A type that it does not know is no error: later versions have more.
func Parse(b []byte) (*Request, error) {
	b = bytes.TrimSpace(b)
	if len(b) == 0 || b[0] != '{' {
		return nil, errShape
	}
	var r Request
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("%w: %w", errShape, err)
	}
	switch {
	case r.Type == "" || len(r.Type) > MaxKind:
		return nil, fmt.Errorf("%w: no type", errShape)
	case len(r.Topic) > MaxTopic || strings.ContainsFunc(r.Topic, control):
		return nil, fmt.Errorf("%w: topic", errShape)
	case len(r.Kind) > MaxKind || len(r.Token) > MaxToken:
		return nil, fmt.Errorf("%w: kind or token too long", errShape)
	case r.ID > MaxNumber || r.Since != nil && *r.Since > MaxNumber:
		return nil, fmt.Errorf("%w: number too large", errShape)
	}
	return &r, nil
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

// HelloReply is the server's first message.
type HelloReply struct {
	Type  string  `json:"t"`
	V     int     `json:"v"`
	Token string  `json:"token"`
	Now   float64 `json:"now"`
}

// TimeReply is the server's half of an exchange of time stamps, in milliseconds.
type TimeReply struct {
	Type string  `json:"t"`
	A    float64 `json:"a"`
	B    float64 `json:"b"`
	C    float64 `json:"c"`
}

// DoneReply says that a request succeeded.
type DoneReply struct {
	Type string `json:"t"`
	ID   uint64 `json:"id"`
	Body any    `json:"body,omitempty"`
}

// FailReply says that it did not: Kind is for programs, Why for those who write them.
type FailReply struct {
	Type string `json:"t"`
	ID   uint64 `json:"id"`
	Kind string `json:"kind"`
	Why  string `json:"why"`
}

// TopicReply is a topic's value.
type TopicReply struct {
	Type    string          `json:"t"`
	Topic   string          `json:"topic"`
	Version uint64          `json:"version"`
	Body    json.RawMessage `json:"body"`
}

// GoneReply says that a topic is not there any more, or not for this visitor.
type GoneReply struct {
	Type  string `json:"t"`
	Topic string `json:"topic"`
	Why   string `json:"why"`
}
