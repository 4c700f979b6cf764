package notify

import (
	"bufio"
	"fmt"
	"io"
)

// WriteHelp prints what --help shows.
func WriteHelp(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "codex-notify: pass protocol lines on and tell when a turn ends\n\n"+
		"Usage: codex-notify [OPTIONS] [--exec CMD [ARGS]]\n\n")
	for _, o := range Options().Options {
		fmt.Fprintf(b, "  %-24s %s\n", o.Usage(), o.Help)
	}
	fmt.Fprint(b, "\nWithout --exec, --bell and --osc9 it runs what 'notify' in config.toml says.\n")
	return b.Flush()
}
