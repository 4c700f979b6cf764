// Codex-config shows and changes the settings of sessions.
//
// Synopsis:
//
//	codex-config [show] [--all] [--json] [KEY...]
//	codex-config schema
//	codex-config features list | enable FEATURE | disable FEATURE
//
// show prints every setting that holds, as TOML, with the layer that it comes from.
// features lists the feature switches, and writes them to config.toml.
//
// Exit status: 0 done; 1 the settings are broken, or a key or feature is unknown; 2 wrong
// usage.
//
// Example:
//
//	codex-config model sandbox_mode
package main

import (
	"context"
	"fmt"
	"os"

	"codex/pkg/config"
	"codex/pkg/homedir"
	"codex/pkg/settings"
	"codex/pkg/settings/configure"
	"codex/pkg/termtext"
)

func main() {
	cwd, err := os.Getwd()
	if err != nil {
		fmt.Fprintf(os.Stderr, "codex-config: find working folder: %v\n", err)
		os.Exit(1)
	}
	home := homedir.Of(os.Getenv, os.Getuid()) // "" means unknown
	os.Exit(configure.Main(context.Background(), os.Args[1:], settings.Process{
		Stdout: termtext.Stream(os.Stdout), Stderr: termtext.Stream(os.Stderr), Environ: os.Environ(),
		Env: config.Env{Get: os.Getenv, Home: home, Cwd: cwd, UID: os.Getuid()},
	}))
}
