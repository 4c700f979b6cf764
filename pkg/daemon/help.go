package daemon

import (
	"bufio"
	"fmt"
	"io"
	"slices"

	"codex/pkg/cli/options"
)

// writeHelp prints what --help shows, for the program or one of its commands.
func writeHelp(w io.Writer, name string) error {
	b := bufio.NewWriter(w)
	all := commands()
	if i := slices.IndexFunc(all, func(c command) bool { return c.name == name }); i >= 0 {
		c := all[i]
		fmt.Fprintf(b, "%s: %s\n\nUsage: %s\n", c.name, c.help, usageOf(&c))
		if c.name == "remote-control" {
			fmt.Fprint(b, "\nCommands: start, stop; without one, an app-server in the foreground.\n")
		}
		writeOptions(b, append(c.own, shared()...))
		return b.Flush()
	}
	fmt.Fprintf(b, "codex-daemon: keep an app-server running\n\nUsage: %s\n\nCommands:\n", usageOf(nil))
	for _, c := range all {
		if !c.hidden {
			fmt.Fprintf(b, "  %-22s %s\n", c.name, c.help)
		}
	}
	fmt.Fprintf(b, "  %-22s %s\n", "help", "print this, or the help of a command")
	writeOptions(b, shared())
	return b.Flush()
}

func writeOptions(w io.Writer, list []options.Option) {
	fmt.Fprint(w, "\nOptions:\n")
	_ = options.Help(w, list) // w keeps its error
}
