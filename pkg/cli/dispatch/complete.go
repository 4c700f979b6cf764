package dispatch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"codex/pkg/cli/completion"
	"codex/pkg/cli/install"
	"codex/pkg/cli/options"
)

func completionScript(shell string, set options.Set) (string, error) {
	script, err := completion.Script(shell, "codex", set)
	if errors.Is(err, completion.ErrShell) {
		return "", usageError(fmt.Sprintf("invalid value '%s' for '[SHELL]'\n  [possible values: %s]", shell, strings.Join(completion.Shells(), ", ")))
	}
	return script, err
}

// allOptions is the command line of codex with those of the programs below it. Programs
// are asked for their own, and only those that were installed together with this one:
// a stranger's codex-NAME might do anything when it is called with an unknown option.
func (c Call) allOptions() options.Set {
	all := rootSet()
	asked := map[string]options.Set{}
	for _, cmd := range Commands() {
		// "app-server daemon" is what the original calls it: shown nowhere, and known.
		if cmd.Hidden && !strings.HasPrefix(cmd.Name, "app-server ") || cmd.Program == "" {
			continue
		}
		set, ok := asked[cmd.Program]
		if !ok {
			set = c.ask(cmd.Program)
			asked[cmd.Program] = set
		}
		graft(&all, cmd, set)
	}
	return all
}

// ask gives the option list of an installed program, empty when it has none to give.
func (c Call) ask(program string) options.Set {
	path, err := install.Beside(c.Self, program)
	if err != nil {
		return options.Set{}
	}
	// A program that hangs must not hang the start of somebody's shell.
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, options.ListFlag)
	cmd.Env = c.Env
	out, err := cmd.Output()
	if err != nil {
		return options.Set{}
	}
	set, err := options.Read(bytes.NewReader(out))
	if err != nil {
		return options.Set{}
	}
	return set
}

// graft adds the entries of a program's set below the command that runs it. A command
// with words of its own before the user's ("review") gets the entries below that word.
func graft(all *options.Set, cmd Command, set options.Set) {
	inside := strings.Join(cmd.Args, " ")
	below := func(path string) (string, bool) {
		switch {
		case inside == "" && path == "":
			return cmd.Name, true
		case inside == "":
			return cmd.Name + " " + path, true
		case path == inside:
			return cmd.Name, true
		}
		rest, ok := strings.CutPrefix(path, inside+" ")
		return cmd.Name + " " + rest, ok
	}
	for _, o := range set.Options {
		if path, ok := below(o.Command); ok {
			o.Command = path
			all.Options = append(all.Options, o)
		}
	}
	for _, sub := range set.Commands {
		if path, ok := below(sub.Path); ok && path != cmd.Name {
			sub.Path = path
			all.Commands = append(all.Commands, sub)
		}
	}
}
