# make demo   see it work           make test   everything CI runs
# make build  bin/xianfeng          make check  the fast half of the tests
# make bench  measure it            make fuzz   each parser for FUZZTIME
# make bench-sync  how far apart real browsers are that watch together
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

# One pinned tool: it has gofumpt, vet and staticcheck in it (.golangci.yml).
# It compiles our packages as "build" does, so that a new machine compiles them once.
LINT := go run -exec 'env CGO_ENABLED=0 GOFLAGS=-trimpath' github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
FUZZTIME ?= 10s

.PHONY: build demo deps check test lint types scripts unit race e2e netns fuzz bench soak edits kills generate clean

build:
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o bin/xianfeng ./cmd/xianfeng

demo: deps build
	exec bin/xianfeng serve --demo

# ffmpeg, Chromium, fonts, npm packages: what is missing of them.
deps:
	.ci/deps

check: deps lint types scripts unit
	@echo "PASS check"

# The steps come in the order in which they are likely to fail, and stop at the first that does.
test: deps
	@for step in lint types scripts race e2e netns; do \
	  echo "== $$step"; begin=$$SECONDS; \
	  $(MAKE) --no-print-directory $$step || { echo "FAIL $$step after $$((SECONDS-begin)) s"; exit 1; }; \
	  echo "ok   $$step in $$((SECONDS-begin)) s"; \
	done; node test/netns/obstacle.js >/dev/null && echo "PASS all tests" || echo "PASS all tests but netns, which can't run here"

lint:
	$(LINT) run ./...

# JSDoc types of all scripts.
types:
	npm run --silent types

# What scripts decide without a browser.
scripts:
	npm run --silent unit

# Without the race detector; what did not change since is not run again.
unit:
	go test ./...

race:
	go test -race -shuffle=on -timeout 10m ./...

# Real publishers, real browsers, one server.
e2e: build
	npm run --silent e2e

# Viewers behind bad networks, as root. Where there can be no network namespaces it says so.
netns: build
	@why=$$(node test/netns/obstacle.js) || { echo "NOT TESTED: viewers behind bad networks: $$why"; exit 0; }; \
	npm run --silent netns

fuzz:
	@for file in $$(grep -rlE '^func Fuzz' --include='*_test.go' .); do \
	  for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' $$file); do \
	    echo "== $$(dirname $$file) $$target"; \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) ./$$(dirname $$file); \
	  done; \
	done; echo "PASS fuzz"

# Half an hour on an idle machine; PEER_MEDIAMTX=/path/to/mediamtx measures that one beside us.
# bench/run has rows and flags of its own.
bench: deps build
	go run ./bench/run -micro -into bench/README.md

# Twenty minutes on an idle machine. -minutes 30 shows whether anything drifts; works and flags: bench/sync/main.js
bench-sync: deps build
	node bench/sync/main.js -into bench/README.md

# Ten minutes of viewers and publishers that come and go; fails if the server grows.
soak: deps build
	go run ./bench/run -soak 10m

# Ten thousand random edits by random people while pages are read: no page is old, or shows what a right forbids.
edits:
	XIANFENG_TEST_EDITS=10000 go test -run '^TestNoPageIsOld$$' -count 1 -timeout 20m -v ./internal/app

# A hundred writers and a hundred imports killed with SIGKILL: nothing is half done. (make test kills some of each.)
kills:
	XIANFENG_TEST_KILLS=100 go test -run '^TestKilled' -count 1 -timeout 20m -v ./internal/store ./internal/app

# What is made and committed: the test card.
generate:
	go generate ./...

clean:
	rm -rf bin node_modules test/e2e/results
