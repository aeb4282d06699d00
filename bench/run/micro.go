package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
)

// hot is one Go benchmark of a package.
type hot struct {
	place, name     string
	ns, bytes, objs string // per operation
}

// micro runs the packages' own benchmarks on one core, one package after the other.
func micro(ctx context.Context, benchtime string) (string, error) {
	cmd := pinned(ctx, loadCore, "go", "test", "-run", "^$", "-bench", ".", "-benchmem", "-benchtime", benchtime, "-p", "1", "-cpu", "1", "./...")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go test -bench: %w\n%s", err, tail(out))
	}
	return hots(parseHot(out)), nil
}

// cores is what go test writes behind the name on more than one core.
var cores = regexp.MustCompile(`-\d+$`)

func parseHot(out []byte) (all []hot) {
	place := ""
	sc := bufio.NewScanner(bytes.NewReader(out))
	for sc.Scan() {
		f := strings.Fields(sc.Text())
		if len(f) == 2 && f[0] == "pkg:" {
			_, place, _ = strings.Cut(f[1], "/")
		}
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		h := hot{place: place, name: cores.ReplaceAllString(strings.TrimPrefix(f[0], "Benchmark"), "")}
		for i := 2; i+1 < len(f); i += 2 {
			switch f[i+1] {
			case "ns/op":
				h.ns = f[i]
			case "B/op":
				h.bytes = f[i]
			case "allocs/op":
				h.objs = f[i]
			}
		}
		all = append(all, h)
	}
	return all
}

func hots(all []hot) string {
	var b strings.Builder
	head(&b, "package", "benchmark", "ns", "bytes allocated", "allocations")
	for _, h := range all {
		line(&b, "`"+h.place+"`", h.name, h.ns, h.bytes, h.objs)
	}
	return b.String()
}
