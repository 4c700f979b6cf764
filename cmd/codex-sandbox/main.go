// Codex-sandbox chain-loads one command under a policy.
//
// Synopsis:
//
//	codex-sandbox [-c KEY=VALUE]... linux [OPTIONS] [--] COMMAND [ARGS]...
//	codex-sandbox serve
//	codex-sandbox --probe
//
// The command reads and writes our standard streams as they are. Read-only is
// the default; --mode workspace-write lets it write below the working
// directory, /tmp and $TMPDIR, but not .git, .agents and .codex there; the
// network is off. Exit status: the command's own, 128+n when signal n ended
// it, 101 when it could not be run, 2 for wrong usage, 1 when the sandbox
// could not be set up.
//
//	codex-sandbox linux --mode workspace-write -- make test | tee log
package main

import (
	"context"
	"os"
	"time"

	"codex/pkg/cli/version"
	"codex/pkg/exec/server"
	"codex/pkg/netproxy/keeper"
	"codex/pkg/sandbox"
	"codex/pkg/sandbox/argv"
)

func main() {
	sandbox.Init()       // does not return in the process that confines a command
	dir, _ := os.Getwd() // "" is refused where it matters
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		os.Exit(server.Main(os.Args[2:], server.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr},
			server.Options{Version: version.String(), Env: os.Environ(), Dir: dir, Adopt: true, NetProxy: keeper.Installed}))
	}
	os.Exit(argv.Run(context.Background(), os.Args[1:],
		argv.Process{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Environ(), Dir: dir,
			NetProxy: keeper.Installed, SignalsAfter: 5 * time.Millisecond}))
}
