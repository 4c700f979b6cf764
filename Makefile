# Every binary into bin/. Works with -j and in a fresh clone; CONTRIBUTING.md has the map.

GO       ?= go
PREFIX   ?= /usr/local
DESTDIR  ?=
# Build metadata of a semantic version: letters, digits, dots and hyphens only.
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null | tr -c '0-9A-Za-z.\n-' '-')
# The publisher's secret key of minisign(1) signs what make dist makes; the public one goes
# into the programs.
PUBLIC   := $(if $(SIGNKEY),$(shell CGO_ENABLED=0 go run ./dist/pack -public '$(SIGNKEY)'))
# Functions begin at multiples of 16, as on arm64; amd64's 32 makes each program 1 % larger.
LDFLAGS  := -s -w -funcalign=16 $(if $(VERSION),-X codex/pkg/cli/version.Version=$(VERSION)) $(if $(RELEASES),-X codex/pkg/daemon/updater.DefaultURL=$(RELEASES)) $(if $(PUBLIC),-X codex/pkg/daemon/updater.PublicKey=$(PUBLIC))
export CGO_ENABLED := 0
BUILD    := $(GO) build -trimpath -buildvcs=false -mod=readonly -ldflags '$(LDFLAGS)'
TREE      = $(DESTDIR)$(PREFIX)
PROGRAMS := $(notdir $(wildcard cmd/*))
TARGETS  := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

.PHONY: all build demo picture test race bench lint staticcheck pages cross install dist clean

all: build

# One go build links everything that changed. codex-path goes first on the PATH of the
# commands of a turn, so it holds nothing but the patch program.
build:
	@mkdir -p bin/codex-path
	$(BUILD) -o bin/ ./cmd/...
	@ln -sf ../apply_patch bin/codex-path/apply_patch
	@ln -sf apply_patch bin/codex-path/applypatch

# The main job with a scripted model: no account, no network.
demo: build
	@examples/demo.sh bin

# The picture in README.md: the demo at a terminal.
picture: build
	$(GO) run ./tests/tui/picture bin examples/demo >examples/tui.svg.new
	mv examples/tui.svg.new examples/tui.svg

# make test TESTFLAGS=-json is for machines.
test: build
	CODEX_BIN='$(CURDIR)/bin' $(GO) test $(TESTFLAGS) ./...

race: build
	CGO_ENABLED=1 CODEX_BIN='$(CURDIR)/bin' $(GO) test -race ./...

# make bench PEER=/path/to/codex sets another codex beside ours, round by round.
bench: build
	$(GO) run ./tests/bench $(BENCHFLAGS) ours='$(CURDIR)/bin/codex' $(if $(PEER),peer='$(PEER)')

lint: staticcheck pages
	@out=$$(gofmt -l cmd dist man pkg tests); [ -z "$$out" ] || { echo "gofmt wants: $$out"; exit 1; }
	$(GO) vet ./...

# The tools have a module of their own, so that the product does not require them.
staticcheck:
	$(GO) tool -modfile=tests/tools/go.mod staticcheck ./...

# Sections that mandoc finds unusual in a page are our business.
pages:
	@out=$$(mandoc -T lint -W warning man/*.[1-8] | grep -v -e 'unexpected section' -e 'out of conventional order'); \
	[ -z "$$out" ] || { echo "$$out"; exit 1; }

# The object files differ by target, so each target is a full build; 2 at a time is what
# a small machine bears.
cross: $(TARGETS:%=cross/%)

cross/%:
	GOOS=$(firstword $(subst /, ,$*)) GOARCH=$(lastword $(subst /, ,$*)) $(GO) build -trimpath -buildvcs=false -o /dev/null ./cmd/...

install: build
	install -d '$(TREE)/bin' '$(TREE)/libexec/codex/codex-path'
	for p in $(PROGRAMS); do install -m 755 bin/$$p '$(TREE)/bin/' || exit 1; done
	ln -sf ../../../bin/apply_patch '$(TREE)/libexec/codex/codex-path/apply_patch'
	ln -sf apply_patch '$(TREE)/libexec/codex/codex-path/applypatch'
	for page in man/*.[1-8]; do \
		dir='$(TREE)'/share/man/man$${page##*.}; \
		install -d "$$dir" && install -m 644 $$page "$$dir/" || exit 1; \
	done
	for c in bash:bash-completion/completions/codex zsh:zsh/site-functions/_codex fish:fish/vendor_completions.d/codex.fish; do \
		file='$(TREE)'/share/$${c#*:}; \
		install -d "$${file%/*}" && bin/codex completion $${c%%:*} >"$$file" || exit 1; \
	done

# What install.sh and package managers take, for four platforms, in dist/out. RELEASES is
# the address where it will be: installer, updater and formula know it then. SIGNKEY is the
# file of the publisher's secret key.
# DISTFLAGS='-out DIR' adds to a folder of releases, '-targets linux/amd64 -skip deb,rpm'
# makes less.
dist:
	BUILD="$(BUILD)" $(GO) run ./dist/pack $(if $(RELEASES),-url $(RELEASES)) $(if $(SIGNKEY),-key '$(SIGNKEY)') $(DISTFLAGS)

clean:
	rm -rf bin dist/out
