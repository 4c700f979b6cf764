package exec

import (
	"bufio"
	_ "embed" // the schema
	"fmt"
	"io"
	"slices"

	"codex/pkg/cli/options"
)

// eventSchema is the JSON Schema of the lines of --json.
//
//go:embed events.schema.json
var eventSchema string

func writeHelp(w io.Writer, verb string) error {
	b := bufio.NewWriter(w)
	switch verb {
	case verbResume:
		fmt.Fprint(b, "codex exec resume: go on with a stored session\n\n"+
			"SESSION_ID is a thread id or the name of a session; with --last it is left out.\n")
	case verbFork:
		fmt.Fprint(b, "codex exec fork: go on with a copy of a stored session\n\n"+
			"SESSION_ID is a thread id or the name of a session, which stays as it is.\n")
	case verbReview:
		fmt.Fprint(b, "codex exec review: review changes of the work tree\n")
	default:
		fmt.Fprint(b, "codex exec: run one turn, prompt in, answer out\n\n"+
			"Without PROMPT, or with -, the prompt is read from stdin. With PROMPT, what comes\n"+
			"from a stdin that is not a terminal is put behind it as a <stdin> block.\n")
	}
	fmt.Fprint(b, "\nUsage: "+usageLines(verb)+"\n")
	set := Options()
	if verb == "" {
		fmt.Fprint(b, "\nCommands:\n")
		for _, c := range set.Commands {
			fmt.Fprintf(b, "  %-10s %s\n", c.Path, c.Help)
		}
	}
	fmt.Fprint(b, "\nOptions:\n")
	here := slices.DeleteFunc(set.Options, func(o options.Option) bool { return o.Command != "" && o.Command != verb })
	if err := options.Help(b, here); err != nil {
		return err
	}
	return b.Flush()
}
