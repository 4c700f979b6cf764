// Codex-model is the model as a filter: a Responses API request on standard input, the
// events of the answer on standard output, one JSON object a line.
//
// Synopsis:
//
//	codex-model call --base-url URL [--model NAME] [--env-key NAME] < REQUEST
//	codex-model replay [FILE] < REQUEST
//	codex-model record FILE -- COMMAND [ARGS] < REQUEST
//	codex-model record --base-url URL FILE < REQUEST
//	codex-model serve [FILE] [--listen ADDR] [--log FILE] [--port-file FILE]
//	codex-model ready --base-url URL ollama|lmstudio MODEL
//	codex-model list [-c KEY=VALUE] [-p PROFILE]
//
// call asks a server, replay answers from a script, record does one of them and writes a script,
// serve is a server that answers from one. ready has a local server get a model; list prints
// the models of the provider of config.toml. codex-model(1) says more.
//
// Exit status: 0 response.completed came (serve: it was told to stop); 1 the request
// failed, told on standard error; 2 wrong usage; replay: what the script says.
//
// Example:
//
//	echo 'say hello' | codex-model call --base-url "$URL" -m gpt-5.5 --text
package main

import (
	"os"

	"github.com/mattn/go-isatty"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/install"
	"codex/pkg/clock"
	"codex/pkg/config"
	"codex/pkg/homedir"
	"codex/pkg/model"
	"codex/pkg/termtext"
	"codex/pkg/watchdog"
)

func main() {
	watchdog.Init()
	exe, _ := os.Executable() // the command of record is not watched without it
	cwd, _ := os.Getwd()      // "" is an error of who needs it
	now, err := clock.New(os.Getenv(clock.Variable))
	if err != nil {
		os.Exit(exit.Report(os.Stderr, "codex-model", err))
	}
	os.Exit(model.Main(os.Args[1:], model.Streams{
		Stdin:    os.Stdin,
		Stdout:   termtext.Stream(os.Stdout),
		Stderr:   termtext.Stream(os.Stderr),
		Env:      os.Environ(),
		Config:   config.Env{Get: os.Getenv, Home: homedir.Of(os.Getenv, os.Getuid()), Cwd: cwd, UID: os.Getuid()},
		Now:      now,
		Self:     install.Self(os.Args[0], exe, os.Getenv("PATH")),
		Terminal: isatty.IsTerminal(os.Stdin.Fd()),
	}))
}
