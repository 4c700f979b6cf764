// Codex-turn is the engine: one process is one thread. It speaks the app-server protocol,
// one JSON object a line.
//
// Synopsis:
//
//	codex-turn [OPTIONS] < REQUESTS > NOTIFICATIONS
//	echo PROMPT | codex-turn [OPTIONS]
//
// On standard input come requests; a line that is not a JSON object is a prompt.
// On standard output go answers, notifications and requests for approval; words for
// people go to standard error. codex-protocol(5) describes the lines.
//
// Files: CODEX_HOME/config.toml, auth.json, AGENTS.md; sessions/YYYY/MM/DD/*.jsonl.
//
// Exit status: 0 no turn failed; 1 a turn failed or could not start; 2 wrong usage; 129
// SIGHUP; 130 SIGINT, twice or in the last turn; 141 the reader is gone; 143 SIGTERM.
//
// Example:
//
//	echo 'fix the tests' | codex-turn -s workspace-write -a never | jq -r .method
package main

import (
	"os"

	"codex/pkg/engine/argv"
	"codex/pkg/watchdog"
)

func main() {
	watchdog.Init()
	os.Exit(argv.Main(os.Args[1:]))
}
