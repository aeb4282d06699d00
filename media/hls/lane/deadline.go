package lane

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// deadline is when reading, or writing, ends. net/http sets half a dozen for each request, and to tell the socket of
// one costs nearly as much as a small read. So the socket is told when it is to be used, and only of a time
// earlier than the one it has; when that one turns out to have been too early, it is told and used again.
type deadline struct {
	tell func(*net.TCPConn, time.Time) error

	mu   sync.Mutex // guards all below
	end  time.Time  // zero: never
	told time.Time  // what the socket has
	busy *net.TCPConn
}

// set changes the end, also of what goes on.
func (d *deadline) set(end time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.end = end
	if d.busy == nil {
		return nil
	}
	return d.tellLocked(d.busy)
}

func (d *deadline) tellLocked(tcp *net.TCPConn) error {
	d.told = d.end
	return d.tell(tcp, d.end)
}

func (d *deadline) when() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.end
}

// other says that the socket is another one, which was told nothing.
func (d *deadline) other() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.told = time.Time{}
}

// use lets f use the socket, again if it failed before the end; f goes on where it was. One use at a time.
func (d *deadline) use(tcp *net.TCPConn, f func() error) error {
	if err := d.begin(tcp); err != nil {
		return err
	}
	for {
		if err := f(); d.over(tcp, err) {
			return err
		}
	}
}

// useOnce is use for what can't go on where it was: the socket is told in any case.
func (d *deadline) useOnce(tcp *net.TCPConn, f func() error) error {
	d.mu.Lock()
	d.busy = tcp
	err := d.tellLocked(tcp)
	d.mu.Unlock()
	if err == nil {
		err = f()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy = nil
	return err
}

func (d *deadline) begin(tcp *net.TCPConn) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.end.IsZero() {
		if !time.Now().Before(d.end) {
			return os.ErrDeadlineExceeded
		}
		if d.told.IsZero() || d.end.Before(d.told) {
			if err := d.tellLocked(tcp); err != nil {
				return err
			}
		}
	}
	d.busy = tcp
	return nil
}

// over reports whether the use is over. If not, the socket was told of the right end.
func (d *deadline) over(tcp *net.TCPConn, err error) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) && (d.end.IsZero() || time.Now().Before(d.end)) {
		return d.tellLocked(tcp) != nil
	}
	d.busy = nil
	return true
}
