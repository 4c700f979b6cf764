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
	"fmt"
	"os"

	"codex/pkg/clock"
	"codex/pkg/config"
	"codex/pkg/homedir"
	"codex/pkg/plugins/argv"
	"codex/pkg/termtext"
)

func main() {
	cwd, err := os.Getwd()
	if err != nil {
		fmt.Fprintf(os.Stderr, "codex-plugin: find working folder: %v\n", err)
		os.Exit(1)
	}
	now, err := clock.New(os.Getenv(clock.Variable))
	if err != nil {
		fmt.Fprintf(os.Stderr, "codex-plugin: %v\n", err)
		os.Exit(1)
	}
	env := config.Env{Get: os.Getenv, Home: homedir.Of(os.Getenv, os.Getuid()), Cwd: cwd, UID: os.Getuid()}
	os.Exit(argv.Main(context.Background(), os.Args[1:], argv.Process{
		Stdout: termtext.Stream(os.Stdout), Stderr: termtext.Stream(os.Stderr), Env: env, Now: now}))
}
