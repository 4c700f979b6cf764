package tui

import (
	"io"

	"codex/pkg/cli/options"
)

const helpHead = `codex: a terminal frontend

Usage: codex [OPTIONS] [PROMPT]
       codex resume [OPTIONS] [--last | SESSION_ID] [PROMPT]
       codex fork [OPTIONS] [--last | SESSION_ID] [PROMPT]
       codex-tui [OPTIONS] <events.jsonl

Options:
`

// writeHelp prints the options.
func writeHelp(w io.Writer) error {
	if _, err := io.WriteString(w, helpHead); err != nil {
		return err
	}
	if err := options.Help(w, options.Listed(new(Args).table())); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\nKeys and slash commands are in codex-tui(1): codex help tui\n")
	return err
}
