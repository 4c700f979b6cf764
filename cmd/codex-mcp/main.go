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
//	codex-mcp server
//
// Files: CODEX_HOME/config.toml, of which add and remove change nothing but the one server.
//
// Exit status: 0 done, which for remove includes that there was no such server; 1 it failed,
// or get knows no such server; 2 wrong usage.
//
// Example:
//
//	codex-mcp add docs --env-var DOCS_TOKEN -- docs-server --stdio
package main

import (
	"context"
	"fmt"
	"os"

	"codex/pkg/cli/install"
	"codex/pkg/cli/pipeline"
	"codex/pkg/config"
	"codex/pkg/frontend/mcpserver"
	"codex/pkg/homedir"
	"codex/pkg/mcp/argv"
	"codex/pkg/termtext"
)

func main() {
	cwd, err := os.Getwd()
	if err != nil {
		fmt.Fprintf(os.Stderr, "codex-mcp: find working folder: %v\n", err)
		os.Exit(1)
	}
	exe, _ := os.Executable() // "" is looked for on PATH
	env := config.Env{Get: os.Getenv, Home: homedir.Of(os.Getenv, os.Getuid()), Cwd: cwd, UID: os.Getuid(),
		Hostname: func() string { name, _ := os.Hostname(); return name }}
	os.Exit(argv.Main(context.Background(), os.Args[1:], argv.Process{
		Stdout: termtext.Stream(os.Stdout), Stderr: termtext.Stream(os.Stderr), In: os.Stdin, Out: os.Stdout, Environ: os.Environ(), Env: env,
		Serve: func(ctx context.Context, overrides, enable, disable []string) error {
			return mcpserver.Run(ctx, mcpserver.Options{Config: overrides, Enable: enable, Disable: disable}, mcpserver.Process{
				Stdin: os.Stdin, Stdout: os.Stdout, Stderr: termtext.Stream(os.Stderr), Environ: os.Environ(), Env: env,
				Self: install.Self(os.Args[0], exe, os.Getenv("PATH")), Signals: pipeline.Signals})
		},
	}))
}
