// Package config owns the one configuration file: its shape, its defaults and its checks. It reads
// the file once into types that do not change afterwards.
//
// It refuses to act on what it reads and to know the packages that do: package app hands each of them
// its part.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // time zones are the same on every machine

	"gopkg.in/yaml.v3"
)

// Off is the address of a listener that is not wanted.
const Off = "off"

// Config is everything that can be set. docs/config.md is its manual.
type Config struct {
	HTTP    HTTP     `yaml:"http"`
	Sockets Sockets  `yaml:"sockets"`
	RTSP    RTSP     `yaml:"rtsp"`
	RTMP    Listener `yaml:"rtmp"`
	SRT     SRT      `yaml:"srt"`
	WebRTC  WebRTC   `yaml:"webrtc"`
	UDP     UDP      `yaml:"udp"`
	Metrics Listener `yaml:"metrics"`
	Log     Log      `yaml:"log"`
	Streams Streams  `yaml:"streams"`
	HLS     HLS      `yaml:"hls"`
	Sound   Sound    `yaml:"sound"`
	Access  Access   `yaml:"access"`
	Sources []Source `yaml:"sources"`

	Database string  `yaml:"database"` // postgres://… or sqlite:FILE; "": SQLite in the data folder
	Network  Network `yaml:"network"`
	Signin   Signin  `yaml:"signin"`
}

// Network says what holds for all sites.
type Network struct {
	Timezone string `yaml:"timezone"` // as in the IANA database
	Name     string `yaml:"name"`     // "": the name of the highest site
}

// Location returns the time zone. The configuration was checked before.
func (n *Network) Location() *time.Location {
	l, err := time.LoadLocation(n.Timezone)
	if err != nil {
		return time.UTC
	}
	return l
}

// Listener is an address to listen on, host:port, or Off.
type Listener struct {
	Address string `yaml:"address"`
}

// HTTP serves pages, the API, HLS and the signalling of WHIP and WHEP.
type HTTP struct {
	Address     string `yaml:"address"`
	Certificate string `yaml:"certificate"` // PEM files; both or none
	Key         string `yaml:"key"`
}

// Sockets says how many pages may be connected (/ws).
type Sockets struct {
	Max        int `yaml:"max"`
	PerAddress int `yaml:"perAddress"`
}

// RTSP listens on TCP for everything and on two UDP ports for RTP and RTCP.
type RTSP struct {
	Address string `yaml:"address"`
	RTP     string `yaml:"rtp"`  // even port; Off: no UDP
	RTCP    string `yaml:"rtcp"` // the port above
}

// SRT listens on UDP. A passphrase, if set, is asked of every peer.
type SRT struct {
	Address    string `yaml:"address"`
	Passphrase string `yaml:"passphrase"`
}

// WebRTC carries the media of WHIP and WHEP on one port.
type WebRTC struct {
	Address   string   `yaml:"address"`
	Advertise []string `yaml:"advertise"` // addresses that viewers are told; default: those of the machine
}

// UDP says how RTP goes out to viewers over UDP.
type UDP struct {
	Sending string `yaml:"sending"` // gso, sendmmsg, plain: the best way to try
}

// Log says what is logged on standard error.
type Log struct {
	Level  string `yaml:"level"`  // debug, info, warn, error
	Format string `yaml:"format"` // text, json
}

// Streams says how streams are treated.
type Streams struct {
	Grace    time.Duration `yaml:"grace"`
	Takeover bool          `yaml:"takeover"`
	Max      int           `yaml:"max"`
}

// HLS says how streams are cut.
type HLS struct {
	Part     time.Duration `yaml:"part"`
	Segment  time.Duration `yaml:"segment"`
	OnDemand bool          `yaml:"onDemand"` // begin to cut at the first request, not with the stream
}

// Sound says how AAC becomes Opus for WHEP.
type Sound struct {
	FFmpeg string `yaml:"ffmpeg"` // program; Off: WHEP viewers of AAC get the picture only
}

// Access says who may do what.
type Access struct {
	Read   []string `yaml:"read"`   // streams that anybody may read; default all
	APIKey string   `yaml:"apiKey"` // asked of those who change something through the API
	Keys   []Key    `yaml:"keys"`
}

// Key is a stream key. Patterns are stream names in which * stands for anything.
type Key struct {
	Key     string   `yaml:"key"`
	Publish []string `yaml:"publish"`
	Read    []string `yaml:"read"`
}

// Source is a stream that the server fetches.
type Source struct {
	Name     string `yaml:"name"`
	URL      string `yaml:"url"`
	OnDemand bool   `yaml:"onDemand"`
}

// Default returns the configuration that holds without a file.
func Default() Config {
	return Config{
		HTTP:    HTTP{Address: ":8080"},
		Sockets: Sockets{Max: 20_000, PerAddress: 2_000},
		RTSP:    RTSP{Address: ":8554", RTP: ":8000", RTCP: ":8001"},
		RTMP:    Listener{Address: ":1935"},
		SRT:     SRT{Address: ":8890"},
		WebRTC:  WebRTC{Address: ":8189", Advertise: []string{}},
		UDP:     UDP{Sending: "gso"},
		Metrics: Listener{Address: "127.0.0.1:9090"},
		Log:     Log{Level: "info", Format: "text"},
		Streams: Streams{Grace: 10 * time.Second, Max: 1000},
		HLS:     HLS{Part: 200 * time.Millisecond, Segment: time.Second},
		Sound:   Sound{FFmpeg: "ffmpeg"},
		Access:  Access{Read: []string{"*"}, Keys: []Key{}},
		Sources: []Source{},
		Network: Network{Timezone: "Asia/Shanghai"},
		Signin:  Signin{Proxies: []string{}, Providers: []Provider{}},
	}
}

// Load reads the file over the defaults. An empty name gives the defaults.
func Load(name string) (Config, error) {
	if name == "" {
		return Default(), nil
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	c, err := Parse(b)
	if err != nil {
		return Config{}, fmt.Errorf("configuration %s: %w", name, err)
	}
	return c, nil
}

// Parse reads YAML over the defaults and checks the result. Unknown names are errors: a typing error
// must not silently leave a default in force.
func Parse(b []byte) (Config, error) {
	c := Default()
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return Config{}, errors.New(quoted.ReplaceAllString(err.Error(), "`…`"))
	}
	return c, c.check()
}

// quoted is where the YAML decoder repeats a value: with the wrong shape around it, that can be a key.
var quoted = regexp.MustCompile("`[^`]*`")

// check returns everything that is wrong, not only the first.
func (c *Config) check() error {
	var errs []error
	bad := func(where, format string, a ...any) {
		errs = append(errs, fmt.Errorf("%s: "+format, append([]any{where}, a...)...))
	}
	for where, addr := range c.addresses() {
		if *addr == Off {
			continue
		}
		if _, _, err := net.SplitHostPort(*addr); err != nil {
			bad(where, "%q is not host:port", *addr)
		}
	}
	if c.HTTP.Address == Off {
		bad("http.address", "pages can't be off")
	}
	if (c.HTTP.Certificate == "") != (c.HTTP.Key == "") {
		bad("http", "certificate and key go together")
	}
	if c.Sockets.Max < 1 || c.Sockets.PerAddress < 1 {
		bad("sockets", "max and perAddress must be at least 1")
	}
	if (c.RTSP.RTP == Off) != (c.RTSP.RTCP == Off) {
		bad("rtsp", "rtp and rtcp are on or off together")
	}
	if n := len(c.SRT.Passphrase); n != 0 && (n < 10 || n > 79) {
		bad("srt.passphrase", "must have 10 to 79 characters")
	}
	for _, ip := range c.WebRTC.Advertise {
		if net.ParseIP(ip) == nil {
			bad("webrtc.advertise", "%q is not an IP address", ip)
		}
	}
	if !slices.Contains([]string{"gso", "sendmmsg", "plain"}, c.UDP.Sending) {
		bad("udp.sending", "%q is not one of gso, sendmmsg, plain", c.UDP.Sending)
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		bad("log.level", "%q is not one of debug, info, warn, error", c.Log.Level)
	}
	if !slices.Contains([]string{"text", "json"}, c.Log.Format) {
		bad("log.format", "%q is not one of text, json", c.Log.Format)
	}
	if c.Streams.Grace < time.Millisecond || c.Streams.Grace > time.Hour {
		bad("streams.grace", "must lie between 1ms and 1h") // zero would be the hub's default
	}
	if c.Streams.Max < 1 {
		bad("streams.max", "must be at least 1")
	}
	if c.HLS.Part < 50*time.Millisecond || c.HLS.Part > 2*time.Second {
		bad("hls.part", "must lie between 50ms and 2s")
	}
	if c.HLS.Segment < c.HLS.Part || c.HLS.Segment > 10*time.Second {
		bad("hls.segment", "must lie between hls.part and 10s")
	}
	for _, p := range c.Access.Read {
		checkPattern(bad, "access.read", p)
	}
	for i, k := range c.Access.Keys {
		where := fmt.Sprintf("access.keys[%d]", i)
		switch {
		case len(k.Key) < 8:
			bad(where, "a key needs at least 8 characters")
		case k.Key == "CHANGE-ME":
			bad(where, "the sample's key is known to everybody")
		}
		for _, p := range append(slices.Clone(k.Publish), k.Read...) {
			checkPattern(bad, where, p)
		}
	}
	if !databaseAddress(c.Database) {
		bad("database", "must be postgres://… or sqlite:FILE") // not repeated: there may be a password in it
	}
	if _, err := time.LoadLocation(c.Network.Timezone); err != nil || c.Network.Timezone == "" || c.Network.Timezone == "Local" {
		bad("network.timezone", "%q is not a time zone like Asia/Shanghai", c.Network.Timezone)
	}
	c.Signin.check(bad)
	seen := map[string]bool{}
	for i, s := range c.Sources {
		where := fmt.Sprintf("sources[%d]", i)
		if seen[s.Name] {
			bad(where, "the name %q is taken", s.Name)
		}
		seen[s.Name] = true
		if u, err := url.Parse(s.URL); err != nil || u.Scheme == "" || u.Host == "" {
			bad(where, "url must be like rtsp://host/path")
		}
	}
	return errors.Join(errs...)
}

// databaseAddress reports whether s is an address of a database, or empty.
func databaseAddress(s string) bool {
	scheme, rest, _ := strings.Cut(s, ":")
	switch scheme {
	case "":
		return rest == ""
	case "sqlite":
		return rest != ""
	case "postgres", "postgresql":
		_, err := url.Parse(s)
		return err == nil && strings.HasPrefix(rest, "//")
	}
	return false
}

func checkPattern(bad func(string, string, ...any), where, pattern string) {
	if _, err := path.Match(pattern, "x"); err != nil || pattern == "" {
		bad(where, "%q is not a pattern of stream names", pattern)
	}
}

// addresses returns every listening address by its place in the file.
func (c *Config) addresses() map[string]*string {
	return map[string]*string{
		"http.address": &c.HTTP.Address, "rtsp.address": &c.RTSP.Address, "rtsp.rtp": &c.RTSP.RTP, "rtsp.rtcp": &c.RTSP.RTCP,
		"rtmp.address": &c.RTMP.Address, "srt.address": &c.SRT.Address, "webrtc.address": &c.WebRTC.Address,
		"metrics.address": &c.Metrics.Address,
	}
}

// Loopback puts every listener that names no host onto 127.0.0.1, and fails for one that names a host
// beyond this machine.
func (c *Config) Loopback() error {
	for where, addr := range c.addresses() {
		if *addr == Off {
			continue
		}
		host, port, err := net.SplitHostPort(*addr)
		if err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		if host == "" {
			*addr = net.JoinHostPort("127.0.0.1", port)
			continue
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return fmt.Errorf("%s: %s can be reached from other machines", where, *addr)
		}
	}
	return nil
}

// FixedParts returns the names of the parts of the file in which c and d differ and that take effect
// at a start only.
func (c *Config) FixedParts(d *Config) []string {
	var out []string
	theirs := d.addresses()
	for where, addr := range c.addresses() {
		if *addr != *theirs[where] {
			out = append(out, where)
		}
	}
	for name, differ := range map[string]bool{
		"http.certificate": c.HTTP.Certificate != d.HTTP.Certificate || c.HTTP.Key != d.HTTP.Key,
		"srt.passphrase":   c.SRT.Passphrase != d.SRT.Passphrase,
		"webrtc.advertise": !slices.Equal(c.WebRTC.Advertise, d.WebRTC.Advertise),
		"udp":              c.UDP != d.UDP,
		"sockets":          c.Sockets != d.Sockets,
		"log.format":       c.Log.Format != d.Log.Format,
		"streams":          c.Streams != d.Streams,
		"hls":              c.HLS != d.HLS,
		"sound":            c.Sound != d.Sound,
		"access.apiKey":    c.Access.APIKey != d.Access.APIKey,
		"database":         c.Database != d.Database,
		"network":          c.Network != d.Network,
		"signin":           !reflect.DeepEqual(c.Signin, d.Signin),
	} {
		if differ {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// String keeps secrets out of logs.
func (k Key) String() string {
	return fmt.Sprintf("key for publish %s, read %s", strings.Join(k.Publish, ","), strings.Join(k.Read, ","))
}
