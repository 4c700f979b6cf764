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
//
// call asks a server; a text that is no JSON object is taken as a prompt. replay answers
// from a script, whose k-th answer goes to a request that holds k-1 answers already;
// without FILE it plays the demo. record passes the request on to a command or a server
// and appends it and the events to a script. serve speaks HTTP as the API does and prints
// its base URL first. codex-model(1) describes scripts.
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

	"codex/pkg/model"
	"codex/pkg/termtext"
	"codex/pkg/watchdog"
)

func main() {
	watchdog.Init()
	self, err := os.Executable()
	if err != nil {
		self = "" // the command of record is not watched, then
	}
	os.Exit(model.Main(os.Args[1:], model.Streams{
		Stdin:    os.Stdin,
		Stdout:   termtext.Stream(os.Stdout),
		Stderr:   termtext.Stream(os.Stderr),
		Env:      os.Environ(),
		Self:     self,
		Terminal: isatty.IsTerminal(os.Stdin.Fd()),
	}))
}
