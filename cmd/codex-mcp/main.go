// Codex-mcp manages the servers of the Model Context Protocol that give tools to the engine,
// and is one itself.
//
// Synopsis:
//
//	codex-mcp list [--json]
//	codex-mcp get NAME [--json]
//	codex-mcp add NAME [--env KEY=VALUE | --env-var NAME]... -- COMMAND [ARGS]...
//	codex-mcp add NAME --url URL [--bearer-token-env-var VAR]
//	codex-mcp remove NAME
//	codex-mcp login NAME [--scopes SCOPE,...] [--device-auth | --no-browser]
//	codex-mcp logout NAME
//	codex-mcp tools NAME [--json]
//	codex-mcp call NAME TOOL [--json] [ARGUMENTS]
//	codex-mcp server
//
// Files: config.toml and .credentials.json in CODEX_HOME.
//
// Exit status: 0 done; 1 it failed, or there is no such server, or the tool failed; 2 wrong
// usage; a signal ends it as it ends other programs.
package main

import (
	"context"
	"os"
	"time"

	"codex/pkg/browser"
	"codex/pkg/cli/here"
	"codex/pkg/cli/pipeline"
	"codex/pkg/frontend/mcpserver"
	"codex/pkg/mcp/argv"
	"codex/pkg/watchdog"
)

func main() {
	watchdog.Init()
	p := here.Of("codex-mcp")
	exe, _ := os.Executable() // "" is looked for on PATH
	os.Exit(argv.Main(context.Background(), os.Args[1:], argv.Process{
		Self: exe, Stdout: p.Stdout, Stderr: p.Stderr, Env: p.Env, In: os.Stdin, Out: os.Stdout, Environ: os.Environ(),
		Now: time.Now, Browser: browser.Opener(os.Getenv), Die: pipeline.Die,
		Serve: func(ctx context.Context, overrides, enable, disable []string) error {
			return mcpserver.Run(ctx, mcpserver.Options{Config: overrides, Enable: enable, Disable: disable}, mcpserver.Process{
				Stdin: os.Stdin, Stdout: os.Stdout, Stderr: p.Stderr, Environ: os.Environ(), Env: p.Env,
				Self: p.Self(), Signals: pipeline.Signals})
		},
	}))
}
