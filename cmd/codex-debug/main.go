// Codex-debug looks inside a session: the list of models, and what a model would be sent.
//
// Synopsis:
//
//	codex-debug models [--bundled]
//	codex-debug prompt-input [-i FILE]... [PROMPT]
//
// models prints the models that sessions know, as one line of JSON. prompt-input prints the
// input of the first request of a session here; no model is asked, and no credential needed.
//
// Exit status: 0 done; 1 the settings are broken, or the engine failed; 2 wrong usage.
//
// Example:
//
//	codex-debug prompt-input | jq -r '.[].content[].text'
package main

import (
	"context"
	"os"

	"codex/pkg/cli/here"
	"codex/pkg/settings"
	"codex/pkg/settings/inspect"
)

func main() {
	p := here.Of("codex-debug")
	os.Exit(inspect.Main(context.Background(), os.Args[1:], settings.Process{
		Self: p.Self(), Stdout: p.Stdout, Stderr: p.Stderr, Environ: os.Environ(), Now: p.Clock(), Env: p.Env}))
}
