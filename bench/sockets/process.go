package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const password = "Green-apple-2026"

// process is the server under test, with somebody signed in to its console.
type process struct {
	cmd     *exec.Cmd
	at      string // host:port
	metrics string
	browser *http.Client
	once    sync.Once
	ended   error
}

// serve makes a province with as many sites as pages below it, and starts the server on it.
func serve(ctx context.Context, o *settings, data string) (*process, error) {
	at, err := free(o.address)
	if err != nil {
		return nil, err
	}
	metrics, err := free("")
	if err != nil {
		return nil, err
	}
	var list strings.Builder
	list.WriteString("code,parent,level,name\n51,,province,天河省\n")
	for i := range o.pages {
		fmt.Fprintf(&list, "%s,51,village,村%d\n", code(i), i)
	}
	config := fmt.Sprintf("http: {address: %q}\nsockets: {max: 20000, perAddress: 20000}\nmetrics: {address: %q}\nlog: {level: warn}\n", at, metrics) +
		"rtsp: {address: \"off\", rtp: \"off\", rtcp: \"off\"}\nrtmp: {address: \"off\"}\nsrt: {address: \"off\"}\nwebrtc: {address: \"off\"}\n"
	for name, text := range map[string]string{"sites.csv": list.String(), "c.yml": config} {
		if err := os.WriteFile(filepath.Join(data, name), []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("prepare: %w", err)
		}
	}
	for _, args := range [][]string{
		{"import", "--data", data, filepath.Join(data, "sites.csv")},
		{"account", "add", "--data", data, "--login", "admin", "--role", "administrator", "--site", "51", "--password-stdin"},
	} {
		c := exec.CommandContext(ctx, o.server, args...)
		c.Stdin = strings.NewReader(password + "\n")
		if out, err := c.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s %s: %w: %s", o.server, args[0], err, out)
		}
	}
	p := &process{cmd: exec.CommandContext(ctx, o.server, "serve", "--config", filepath.Join(data, "c.yml"), "--data", data), at: at, metrics: metrics}
	p.cmd.Stderr = os.Stderr
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", o.server, err)
	}
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		res, err := http.Get("http://" + at + "/readyz") //nolint:noctx // it answers or refuses
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return p, p.signIn()
			}
		}
		if time.Since(began) > time.Minute {
			p.stop() //nolint:errcheck // there is an error already
			return nil, fmt.Errorf("%s does not answer", o.server)
		}
	}
}

func code(i int) string { return fmt.Sprintf("51%010d", i) }

func free(at string) (string, error) {
	if at != "" {
		return at, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func (p *process) signIn() error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	p.browser = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return p.press("/sign/in", url.Values{"login": {"admin"}, "password": {password}})
}

// press sends a form, as a button does.
func (p *process) press(path string, form url.Values) error {
	res, err := p.browser.PostForm("http://"+p.at+path, form)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusSeeOther {
		return fmt.Errorf("%s: got %s", path, res.Status)
	}
	return nil
}

func (p *process) stop() error {
	p.once.Do(func() {
		p.cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may have ended
		cut := time.AfterFunc(20*time.Second, func() { p.cmd.Process.Kill() })
		defer cut.Stop()
		p.ended = p.cmd.Wait()
	})
	return p.ended
}

// memory is what the server takes, in KiB: resident, and what of it are heap and stacks in use.
type memory struct{ resident, heap, stack float64 }

var sample = regexp.MustCompile(`(?m)^(process_resident_memory_bytes|go_memstats_heap_inuse_bytes|go_memstats_stack_inuse_bytes) (\S+)$`)

func (p *process) memory() (memory, error) {
	res, err := http.Get("http://" + p.metrics + "/metrics") //nolint:noctx // on this machine
	if err != nil {
		return memory{}, fmt.Errorf("memory: %w", err)
	}
	defer res.Body.Close()
	b := make([]byte, 1<<20)
	n := 0
	for n < len(b) {
		k, err := res.Body.Read(b[n:])
		n += k
		if err != nil {
			break
		}
	}
	var m memory
	for _, x := range sample.FindAllStringSubmatch(string(b[:n]), -1) {
		v, err := strconv.ParseFloat(x[2], 64)
		if err != nil {
			return m, fmt.Errorf("memory: %w", err)
		}
		switch v /= 1024; x[1] {
		case "process_resident_memory_bytes":
			m.resident = v
		case "go_memstats_heap_inuse_bytes":
			m.heap = v
		default:
			m.stack = v
		}
	}
	return m, nil
}
