// Codex-plugin manages plugins, which bring skills, hooks and MCP servers, and the
// marketplaces that they come from: folders on this machine.
//
// Synopsis:
//
//	codex-plugin add NAME@MARKETPLACE
//	codex-plugin list [--marketplace NAME]
//	codex-plugin remove NAME@MARKETPLACE
//	codex-plugin marketplace add DIR
//	codex-plugin marketplace list | upgrade
//	codex-plugin marketplace remove NAME
//
// Files: config.toml and plugins in CODEX_HOME.
//
// Exit status: 0 done; 1 it failed; 2 wrong usage.
package main

import (
	"context"
	"os"

	"codex/pkg/cli/here"
	"codex/pkg/plugins/argv"
)

func main() {
	p := here.Of("codex-plugin")
	os.Exit(argv.Main(context.Background(), os.Args[1:], argv.Process{Stdout: p.Stdout, Stderr: p.Stderr, Env: p.Env, Now: p.Clock()}))
}
