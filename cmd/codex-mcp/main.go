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
// usage; 128+n a call or a list of tools that signal n has ended.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"codex/pkg/browser"
	"codex/pkg/cli/install"
	"codex/pkg/cli/pipeline"
	"codex/pkg/config"
	"codex/pkg/frontend/mcpserver"
	"codex/pkg/homedir"
	"codex/pkg/mcp/argv"
	"codex/pkg/termtext"
	"codex/pkg/watchdog"
)

func main() {
	watchdog.Init()
	cwd, err := os.Getwd()
	if err != nil {
		fmt.Fprintf(os.Stderr, "codex-mcp: find working folder: %v\n", err)
		os.Exit(1)
	}
	exe, _ := os.Executable() // "" is looked for on PATH
	env := config.Env{Get: os.Getenv, Home: homedir.Of(os.Getenv, os.Getuid()), Cwd: cwd, UID: os.Getuid(),
		Hostname: func() string { name, _ := os.Hostname(); return name }}
	os.Exit(argv.Main(context.Background(), os.Args[1:], argv.Process{
		Self: exe, Stdout: termtext.Stream(os.Stdout), Stderr: termtext.Stream(os.Stderr), Env: env, In: os.Stdin, Out: os.Stdout, Environ: os.Environ(),
		Now: time.Now, Browser: browser.Opener(os.Getenv),
		Serve: func(ctx context.Context, overrides, enable, disable []string) error {
			return mcpserver.Run(ctx, mcpserver.Options{Config: overrides, Enable: enable, Disable: disable}, mcpserver.Process{
				Stdin: os.Stdin, Stdout: os.Stdout, Stderr: termtext.Stream(os.Stderr), Environ: os.Environ(), Env: env,
				Self: install.Self(os.Args[0], exe, os.Getenv("PATH")), Signals: pipeline.Signals})
		},
	}))
}
