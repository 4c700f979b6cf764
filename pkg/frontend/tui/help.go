package tui

import (
	"fmt"
	"io"
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
	for _, o := range new(Args).table() {
		if o.Hidden {
			continue
		}
		name := "    " + o.Long
		if o.Short != "" {
			name = o.Short + ", " + o.Long
		}
		if o.Value != "" {
			name += " <" + o.Value + ">"
		}
		if _, err := fmt.Fprintf(w, "  %s\n          %s\n", name, o.Help); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "\nKeys and slash commands are in codex-tui(1): codex help tui\n")
	return err
}
