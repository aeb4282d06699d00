package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
)

func pct(v []float64, p float64) float64 {
	if len(v) == 0 {
		return 0
	}
	s := append([]float64(nil), v...)
	sort.Float64s(s)
	return s[int(p/100*float64(len(s)-1))]
}

// cpu returns the seconds of CPU, user and system, that a process has used.
func cpu(pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+2:]))
	u, _ := strconv.ParseFloat(f[11], 64)
	s, _ := strconv.ParseFloat(f[12], 64)
	return (u + s) / 100
}

// rss returns the resident set in KiB.
func rss(pid int) float64 {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for _, l := range strings.Split(string(b), "\n") {
		if strings.HasPrefix(l, "VmRSS:") {
			v, _ := strconv.ParseFloat(strings.Fields(l)[1], 64)
			return v
		}
	}
	return 0
}

// ownDrops returns how many datagrams the kernel has dropped at this process's UDP sockets because
// they were not read in time.
func ownDrops() (n int64) {
	mine := map[string]bool{}
	fds, _ := os.ReadDir("/proc/self/fd")
	for _, fd := range fds {
		if link, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && strings.HasPrefix(link, "socket:[") {
			mine[strings.TrimSuffix(link[8:], "]")] = true
		}
	}
	for _, file := range []string{"/proc/self/net/udp", "/proc/self/net/udp6"} {
		b, _ := os.ReadFile(file)
		n += sumDrops(string(b), mine)
	}
	return n
}

// sumDrops adds the last column of /proc/net/udp for the sockets with these inodes.
func sumDrops(table string, inodes map[string]bool) (n int64) {
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) >= 13 && inodes[f[9]] {
			d, _ := strconv.ParseInt(f[12], 10, 64)
			n += d
		}
	}
	return n
}
