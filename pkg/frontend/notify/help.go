package notify

import (
	"fmt"
	"io"

	"codex/pkg/cli/options"
	"codex/pkg/cli/version"
)

// Answer writes what --help, --version and the list of options are asked for; done says
// that one of them was.
func Answer(w io.Writer, f Flags) (done bool, err error) {
	switch {
	case f.Help:
		return true, writeHelp(w)
	case f.List:
		return true, options.Write(w, Options())
	case f.Version:
		_, err := fmt.Fprintln(w, version.Line("codex-notify"))
		return true, err
	}
	return false, nil
}

func writeHelp(w io.Writer) error {
	fmt.Fprint(w, "codex-notify: pass protocol lines on and tell when a turn ends\n\n"+
		"Usage: codex-notify [OPTIONS] [--exec CMD [ARGS]]\n\n")
	if err := options.Help(w, Options().Options); err != nil {
		return err
	}
	_, err := fmt.Fprint(w, "\nWithout --exec, --bell, --osc9, --desktop and --auto it runs what 'notify' in config.toml says.\n")
	return err
}
