package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// rps steers the receive work of the loopback device. On, it is done on the load's core, so that a
// server is charged for sending only, as with a network card; off, by the kernel's default, on the
// core that sends.
type rps struct {
	file   string
	before string
	can    bool
}

func openRPS() *rps {
	s := &rps{file: "/sys/class/net/lo/queues/rx-0/rps_cpus"}
	b, err := os.ReadFile(s.file)
	s.before = strings.TrimSpace(string(b))
	s.can = err == nil && os.WriteFile(s.file, []byte(s.before), 0) == nil
	return s
}

func (s *rps) set(on bool) error {
	if !s.can {
		if on {
			return nil // said once, in the table's head
		}
		return errors.New("receive steering can't be set: this needs root")
	}
	mask := "0"
	if on {
		mask = fmt.Sprintf("%x", 1<<loadCore)
	}
	if err := os.WriteFile(s.file, []byte(mask), 0); err != nil {
		return fmt.Errorf("set receive steering: %w", err)
	}
	return nil
}

func (s *rps) restore() {
	if s.can {
		os.WriteFile(s.file, []byte(s.before), 0) //nolint:errcheck // it could before
	}
}

func (s *rps) String() string {
	if !s.can {
		return "RPS as it was (no root)"
	}
	return "RPS on unless said"
}
