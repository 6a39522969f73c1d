# Everything a developer or a machine runs. `make` alone says what there is.

GO      ?= go
PKG     ?= ./...
# More flags for every `go test`, as in: make quick TESTFLAGS='-run TestParse -v'
TESTFLAGS ?=
# How long `make fuzz` gives each fuzz function.
FUZZTIME ?= 30s
BINARY  ?= statveil

.DEFAULT_GOAL := help
.PHONY: help quick test race allocs lint score e2e e2e-image e2e-attack bench fuzz build vuln

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

quick: ## the tests while you work: fewer rounds, no race detector, needs no C compiler
	CGO_ENABLED=0 $(GO) test -short $(TESTFLAGS) $(PKG)

test: lint race allocs ## everything that has to hold: lint, all tests with the race detector, and those of allocations

# The race detector is linked by a C compiler; without this check the failure names cgo, which helps nobody.
race: ## all tests with the race detector
	@cc=$$($(GO) env CC); cc=$${cc%% *}; \
	command -v "$$cc" >/dev/null || { \
		echo "error: $$cc is missing: the race detector needs a C compiler" >&2; \
		echo "hint: on Debian: apt-get install gcc libc6-dev; 'make quick' runs without it" >&2; exit 1; }; \
	echo '#include <stdlib.h>' | "$$cc" -E -x c - >/dev/null 2>&1 || { \
		echo "error: the C library's headers are missing: the race detector needs them" >&2; \
		echo "hint: on Debian: apt-get install libc6-dev; 'make quick' runs without it" >&2; exit 1; }
	CGO_ENABLED=1 $(GO) test -race $(TESTFLAGS) $(PKG)

# The race detector allocates on its own account.
allocs: ## the tests that count allocations, which the race detector cannot be asked for
	CGO_ENABLED=0 $(GO) test $(TESTFLAGS) -run Alloc ./pseudonym ./proxy ./rules ./rules/detect

lint: ## format, vet, staticcheck, a tidy go.mod, unaltered modules
	@files=$$(gofmt -l .) && test -z "$$files" || { \
		echo "error: not formatted:" $$files >&2; echo "hint: gofmt -w" $$files >&2; exit 1; }
	$(GO) vet $(PKG)
	$(GO) tool staticcheck $(PKG)
	$(GO) mod tidy -diff
	$(GO) mod verify

# The same test that every run of the tests is held to; here it also says what a text costs, in one run for all columns.
score: ## precision, recall and cost of each detector, beside naive regular expressions
	$(GO) test ./rules/detect -count=1 -run '^TestScore$$' -v -benchtime 200ms -cost $(TESTFLAGS)

# Each of these has a Go module of its own, since it needs more of the machine than Go. None skips what it cannot run.
e2e: e2e-image e2e-attack ## what is shipped, run for real: all of the following

# Not from the cache of tests: Go does not know that the Dockerfile is read.
e2e-image: ## the Dockerfile, built and run (needs root, and Debian's buildah runc umoci busybox-static)
	cd test/image && $(GO) vet . && $(GO) test -count=1 $(TESTFLAGS) .

e2e-attack: ## slow clients, floods and bombs against the real program, and h2spec (needs Debian's slowhttptest)
	cd test/attack && $(GO) vet ./... && $(GO) test -count=1 $(TESTFLAGS) ./...

bench: ## all benchmarks, with allocations
	$(GO) test -run '^$$' -bench . -benchmem $(TESTFLAGS) $(PKG)

fuzz: ## each fuzz function for FUZZTIME (30s), one after the other
	@set -e; for pkg in $$($(GO) list $(PKG)); do \
		all=$$($(GO) test -list '^Fuzz' "$$pkg"); \
		for f in $$(echo "$$all" | grep '^Fuzz' || true); do \
			echo "== $$pkg $$f"; \
			$(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $(TESTFLAGS) "$$pkg"; \
		done; \
	done

build: ## the binary ./statveil: static, without the paths of this machine
	version=$$(git describe --tags --always --dirty 2>/dev/null || echo unknown); \
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-X main.version=$$version" -o $(BINARY) ./cmd/statveil

# Stands apart from `test`: its database is not reachable from everywhere.
vuln: ## known weaknesses in what we link (asks the Go vulnerability database)
	$(GO) tool govulncheck $(PKG)
