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
	"os"

	"codex/pkg/cli/here"
	"codex/pkg/settings"
	"codex/pkg/settings/configure"
)

func main() {
	p := here.Of("codex-config")
	os.Exit(configure.Main(context.Background(), os.Args[1:], settings.Process{Stdout: p.Stdout, Stderr: p.Stderr, Environ: os.Environ(), Env: p.Env}))
}
