package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/options"
	"codex/pkg/cli/version"
	"codex/pkg/config"
)

// Process is what the program takes from its process.
type Process struct {
	Args   []string // without the program's name
	Env    []string
	Config config.Env
	// Self is the path of codex-daemon: it stands at the beginning of what it starts.
	Self           string
	Stdout, Stderr io.Writer
	Waits          Waits
}

// Waits are how long things may take; zero means the original's times.
type Waits struct {
	Lock         time.Duration // for other commands to end: 75 s
	Ready        time.Duration // for a server to answer: 10 s
	Probe        time.Duration // for one answer: 2 s
	Grace, Stop  time.Duration // see pidfile.Waits
	Reservations time.Duration // for processes that are just being started: 10 s
}

// gateCommand is the hidden command under which codex-daemon is the gate of a process that
// it starts, see pidfile.Gate.
const gateCommand = "pid-gate"

// Run is codex-daemon. It has told about an error when that is exit.Silent.
func Run(ctx context.Context, p Process) error {
	switch {
	case len(p.Args) > 0 && p.Args[0] == gateCommand:
		return p.gate()
	case len(p.Args) == 1 && p.Args[0] == options.ListFlag:
		return options.Write(p.Stdout, set())
	}
	f, err := parse(p.Args)
	switch {
	case err != nil:
	case f.set["--help"]:
		return writeHelp(p.Stdout, f.command)
	case f.set["--version"]:
		_, err = fmt.Fprintln(p.Stdout, version.Line("codex-daemon"))
	case f.command == "":
		if err := writeHelp(p.Stderr, ""); err != nil {
			return err
		}
		return exit.Silent(exit.Usage)
	default:
		err = p.do(ctx, f)
	}
	var silent exit.Silent
	var usage *usageError
	switch {
	case err == nil || errors.As(err, &silent) || exit.OutputError(err) != nil:
		return err // what is said of a full disk is the same of all programs
	case errors.As(err, &usage):
		fmt.Fprintln(p.Stderr, usage)
	default:
		fmt.Fprint(p.Stderr, report(err))
	}
	return exit.Silent(exit.Status(err))
}
