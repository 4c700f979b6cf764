// Package cli is the command line of the programs that parse with kong: --help,
// --version, the hidden --list-options, usage errors with status 2, and the model as
// data for completion and for the check of the man pages. Exit statuses are in cli/exit,
// which needs no kong.
//
// Ground layer: it imports kong, options, version and cli/exit.
package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/options"
	"codex/pkg/cli/version"
	"codex/pkg/termtext"
)

// Program says who is being called.
type Program struct {
	Name    string // as in usage lines and before messages: "codex-exec"
	Summary string // one line for the head of --help
	Version string // name in the --version line, when it is not Name ("codex-cli-exec")

	Stdout, Stderr io.Writer // nil means the process's own
}

type common struct {
	Version     kong.VersionFlag `short:"V" help:"print the version"`
	ListOptions listOptions      `hidden:"" help:"print the options as lines"`
}

type listOptions bool

// BeforeReset prints the model, before arguments that are missing can be an error.
func (listOptions) BeforeReset(app *kong.Kong) error {
	if err := options.Write(app.Stdout, Model(app.Model)); err != nil {
		return err
	}
	app.Exit(exit.OK)
	return nil
}

// Parse reads args (without the program's name) into grammar, a pointer to a kong
// struct. The error carries its exit status: help, version and the option list have been
// printed and give exit.Silent(0); wrong usage has been reported on stderr and gives
// exit.Silent(2); a grammar that kong refuses is a programming error and panics.
func Parse(p Program, grammar any, args []string, opts ...kong.Option) (*kong.Context, error) {
	if p.Stdout == nil {
		p.Stdout = os.Stdout
	}
	if p.Stderr == nil {
		p.Stderr = os.Stderr
	}
	stdout := &output{w: p.Stdout}
	left := -1 // status with which kong wanted to leave, -1 while it did not
	all := append([]kong.Option{
		kong.Name(p.Name), kong.Description(p.Summary),
		kong.Writers(stdout, p.Stderr),
		kong.Exit(func(status int) {
			if left < 0 {
				left = status
			}
		}),
		kong.Vars{"version": version.Line(cmp.Or(p.Version, p.Name))},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 80}),
		kong.Embed(&common{}),
	}, opts...)
	app, err := kong.New(grammar, all...)
	if err != nil {
		panic(fmt.Sprintf("%s: command line model: %v", p.Name, err))
	}
	app.Model.HelpFlag.Help = "print help"
	ctx, err := app.Parse(args)
	switch {
	case stdout.err != nil: // of help, version or the list; kong takes no notice
		return nil, stdout.err
	case left >= 0:
		return nil, exit.Silent(left)
	case err == nil:
		err = empty(ctx)
	}
	if err != nil {
		return nil, usage(p, err)
	}
	return ctx, nil
}

// empty finds an option that was given an empty value or blanks, which an unset variable leaves: that
// is no value.
func empty(ctx *kong.Context) error {
	for _, p := range ctx.Path {
		if p.Flag == nil || !p.Flag.Target.IsValid() {
			continue
		}
		switch v := p.Flag.Target.Interface().(type) {
		case string:
			if !blank(v) {
				continue
			}
		case []string:
			if !slices.ContainsFunc(v, blank) {
				continue
			}
		default:
			continue
		}
		return fmt.Errorf("a value is required for '--%s' but none was supplied", p.Flag.Name)
	}
	return nil
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// output remembers the first error of writing.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// Exit writes "program: err" to stderr when there is something to say, and gives the
// status for os.Exit.
func Exit(program string, err error) int { return exit.Report(os.Stderr, program, err) }

func usage(p Program, err error) error {
	var coder exit.Coder
	var parse *kong.ParseError
	if errors.As(err, &parse) {
		// An error from a hook of the grammar may bring its own status and text.
		if errors.As(parse.Unwrap(), &coder) && coder.ExitCode() != exit.Usage {
			return coder
		}
	}
	usage := p.Name
	if parse != nil && parse.Context != nil {
		if n := parse.Context.Selected(); n != nil {
			usage += " " + strings.TrimPrefix(n.Path(), p.Name+" ")
		}
	}
	fmt.Fprint(p.Stderr, termtext.Visible((&exit.UsageError{Text: err.Error(), Usage: usage + " [OPTIONS] [ARGS]"}).Message()))
	return exit.Silent(exit.Usage)
}
