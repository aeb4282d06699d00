package rtmp

import (
	"errors"
	"fmt"

	"github.com/bluenviron/gortmplib/pkg/amf0"
	"github.com/bluenviron/gortmplib/pkg/message"
	"github.com/bluenviron/gortmplib/pkg/rawmessage"

	"xianfeng/media"
)

// maxData bounds commands and metadata: gortmplib's AMF0 decoder calls itself for each level of
// nesting, and a level costs the sender four bytes.
const maxData = 32 << 10

// request is what a client wants once it has said everything.
type request struct {
	action media.Action
	name   string
	key    string // never logged
	err    error  // why the name is not one
}

// command is a decoded command message.
type command struct {
	name string
	id   int
	args []any
}

// decodeData decodes the values of a command or data message.
func decodeData(m *rawmessage.Message) ([]any, error) {
	b := m.Body
	if t := message.Type(m.Type); (t == message.TypeCommandAMF3 || t == message.TypeDataAMF3) && len(b) > 0 {
		b = b[1:] // a format selector, then AMF0 all the same
	}
	if len(b) > maxData {
		return nil, fmt.Errorf("a command of %d bytes, more than %d", len(b), maxData)
	}
	return amf0.Unmarshal(b)
}

// decodeCommand returns the command in m, and false if m is something else.
func decodeCommand(m *rawmessage.Message) (command, bool, error) {
	if t := message.Type(m.Type); t != message.TypeCommandAMF0 && t != message.TypeCommandAMF3 {
		return command{}, false, nil
	}
	values, err := decodeData(m)
	if err != nil {
		return command{}, false, fmt.Errorf("command: %w", err)
	}
	if len(values) < 2 {
		return command{}, false, errors.New("command: no name or no transaction number")
	}
	name, ok := values[0].(string)
	id, ok2 := values[1].(float64)
	if !ok || !ok2 {
		return command{}, false, errors.New("command: no name or no transaction number")
	}
	return command{name: name, id: int(id), args: values[2:]}, true, nil
}

// text returns argument i, or "" where there is none.
func (x *command) text(i int) string {
	if i >= len(x.args) {
		return ""
	}
	s, _ := x.args[i].(string)
	return s
}

// negotiate answers commands up to the one that publishes or plays.
func (c *conn) negotiate() (request, error) {
	var app, tcURL string
	for {
		m, err := c.read()
		if err != nil {
			return request{}, err
		}
		x, ok, err := decodeCommand(m)
		if err != nil {
			return request{}, err
		}
		if !ok {
			continue
		}
		if !c.greeted && x.name != "connect" {
			return request{}, fmt.Errorf("command %.40q before connect", x.name)
		}
		switch x.name {
		case "connect":
			if c.greeted {
				return request{}, errors.New("connect: a second time")
			}
			var codecs any
			app, tcURL, codecs, err = connectInfo(&x)
			if err == nil {
				_, c.enhanced = codecs.(amf0.StrictArray)
				err = c.connected(x.id)
				c.greeted = true
			}
		case "createStream":
			err = c.send(result(x.id, nil, float64(streamID)))
		case "releaseStream", "FCPublish":
			// Unknown to the standard; some encoders wait for an answer, whatever it is.
			err = c.send(result(x.id, nil, amf0.Undefined{}))
		case "publish", "play":
			q := request{action: media.Publish}
			if x.name == "play" {
				q.action = media.Read
			}
			q.name, q.key, q.err = target(app, tcURL, x.text(1))
			return q, nil
		}
		if err != nil {
			return request{}, err
		}
	}
}

func connectInfo(x *command) (app, tcURL string, codecs any, err error) {
	if len(x.args) == 0 {
		return "", "", nil, errors.New("connect: no parameters")
	}
	var o amf0.Object
	switch v := x.args[0].(type) {
	case amf0.Object:
		o = v
	case amf0.ECMAArray:
		o = amf0.Object(v)
	default:
		return "", "", nil, errors.New("connect: the parameters are no object")
	}
	app, _ = o.GetString("app")
	tcURL, _ = o.GetString("tcUrl")
	codecs, _ = o.Get("fourCcList")
	return app, tcURL, codecs, nil
}

// connected accepts the connection. A client that lists enhanced codecs is told ours.
func (c *conn) connected(id int) error {
	server := amf0.Object{
		{Key: "fmsVer", Value: "FMS/3,0,1,123"},
		{Key: "capabilities", Value: float64(31)},
	}
	if c.enhanced {
		server = append(server, amf0.ObjectEntry{Key: "fourCcList", Value: amf0.StrictArray{"avc1", "hvc1", "av01", "vp09", "mp4a", "Opus"}})
	}
	return c.send(
		&message.SetWindowAckSize{Value: ackWindow},
		&message.SetPeerBandwidth{Value: ackWindow, Type: 2},
		&message.SetChunkSize{Value: outChunk},
		result(id, server, amf0.Object{
			{Key: "level", Value: "status"},
			{Key: "code", Value: "NetConnection.Connect.Success"},
			{Key: "description", Value: "Connection succeeded."},
			{Key: "objectEncoding", Value: float64(0)},
		}),
	)
}

func result(id int, values ...any) message.Message {
	return &message.CommandAMF0{ChunkStreamID: commandChunks, Name: "_result", CommandID: id, Arguments: values}
}

// leaves reports whether m is the client's way to say that it is done.
func leaves(m *rawmessage.Message) (bool, error) {
	x, ok, err := decodeCommand(m)
	if !ok || err != nil {
		return false, err
	}
	return x.name == "deleteStream" || x.name == "closeStream" || x.name == "FCUnpublish", nil
}
