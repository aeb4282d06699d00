package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// cluster is a PostgreSQL server for the tests of this package, in a folder of its own, reached through a
// socket in that folder and nowhere else.
type cluster struct {
	dir   string
	admin *sql.DB
	stdin io.Closer // the server ends when this does, also where the tests are killed
	done  chan error
	made  atomic.Int64 // schemas
}

// postgres starts the cluster when the first test asks for it. TestMain stops it.
var postgres = sync.OnceValues(startPostgres)

// started says whether there is something to stop.
var started atomic.Bool

func stopPostgres() error {
	if !started.Load() {
		return nil
	}
	c, err := postgres()
	if err != nil {
		return nil //nolint:nilerr // tests have failed of it
	}
	return c.stop()
}

// newPostgres makes room for a database and returns its address. It is thrown away when the test ends.
// A schema of PostgreSQL's stands for a database: it is there sooner.
func newPostgres(tb testing.TB) string {
	tb.Helper()
	started.Store(true)
	c, err := postgres()
	if err != nil {
		tb.Fatalf("PostgreSQL, which these tests need (Debian: apt-get install postgresql): %v", err)
	}
	name := fmt.Sprintf("test_%d", c.made.Add(1))
	if _, err := c.admin.ExecContext(tb.Context(), "CREATE SCHEMA "+name); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if _, err := c.admin.ExecContext(context.Background(), "DROP SCHEMA "+name+" CASCADE"); err != nil {
			tb.Error(err)
		}
	})
	return c.address(name)
}

func (c *cluster) address(schema string) string {
	return "postgres:///postgres?" + url.Values{"host": {c.dir}, "user": {"xianfeng"}, "search_path": {schema}}.Encode()
}

// programs finds the folder of PostgreSQL's programs: Debian keeps those of the server out of the PATH.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", fmt.Errorf("look for initdb: %w", err)
	}
	if len(found) > 0 {
		return filepath.Dir(slices.Max(found)), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", fmt.Errorf("look for initdb: %w", err)
	}
	return filepath.Dir(path), nil
}

// serverUser is whom the server runs as: it refuses to run as root.
func serverUser(dir string) (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, fmt.Errorf("find a user who is not root: %w", err)
		}
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", u.Username, err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, fmt.Errorf("user %s: %w", u.Username, err)
	}
	if err := os.Chown(dir, uid, gid); err != nil {
		return nil, fmt.Errorf("give the folder to %s: %w", u.Username, err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

func startPostgres() (*cluster, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "xf-pg-") // short: the path of a socket has a limit of 107 bytes
	if err != nil {
		return nil, fmt.Errorf("make the folder: %w", err)
	}
	c := &cluster{dir: dir, done: make(chan error, 1)}
	if err := c.start(bin); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return c, nil
}

func (c *cluster) start(bin string) error {
	as, err := serverUser(c.dir)
	if err != nil {
		return err
	}
	data := filepath.Join(c.dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "xianfeng", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = as, c.dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	// A shell stands between: it stops the server when this process is gone, in whatever way.
	server := exec.Command("/bin/sh", "-c", `exec 3<&0; "$@" 3<&- </dev/null & server=$!; (read -r _ <&3; kill -INT $server) & exec 3<&-; wait $server`, "sh",
		filepath.Join(bin, "postgres"), "-D", data, "-c", "listen_addresses=", "-c", "unix_socket_directories="+c.dir,
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200",
		"-c", "autovacuum=off", "-c", "jit=off", "-c", "max_locks_per_transaction=1000", "-c", "client_min_messages=error")
	log, err := os.Create(filepath.Join(c.dir, "log"))
	if err != nil {
		return fmt.Errorf("make the log: %w", err)
	}
	defer log.Close() //nolint:errcheck // the server has its own
	server.SysProcAttr, server.Dir, server.Stdout, server.Stderr = as, c.dir, log, log
	if c.stdin, err = server.StdinPipe(); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	go func() { c.done <- server.Wait() }() // ends with the server; stop waits for it
	if err := c.await(); err != nil {
		text, _ := os.ReadFile(log.Name())
		return errors.Join(fmt.Errorf("%w: %s", err, text), c.stdin.Close())
	}
	return nil
}

// await waits until the server answers.
func (c *cluster) await() error {
	var err error
	if c.admin, err = sql.Open("pgx", c.address("public")); err != nil {
		return fmt.Errorf("open the server: %w", err)
	}
	patience := time.After(60 * time.Second)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if _, err = c.admin.Exec("SELECT 1"); err == nil {
			return nil
		}
		select {
		case ended := <-c.done:
			c.done <- ended
			return fmt.Errorf("postgres ended: %w", ended)
		case <-patience:
			return fmt.Errorf("postgres does not answer: %w", err)
		case <-again.C:
		}
	}
}

func (c *cluster) stop() error {
	err := errors.Join(c.admin.Close(), c.stdin.Close())
	<-c.done // interrupted: its exit code says nothing
	return errors.Join(err, os.RemoveAll(c.dir))
}
