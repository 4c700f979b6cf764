// Package argv is the program codex-execpolicy: it holds a command against rules
// files (check), says what a session would do with it and why (explain), and turns rules
// files into lines for programs without an interpreter (compile).
//
// Program layer: it imports cli, config, execpolicy with all below it, foreign, jsonrpc,
// ostext and shellwords.
package argv

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"codex/pkg/cli"
	"codex/pkg/cli/exit"
	"codex/pkg/config"
	"codex/pkg/execpolicy"
	"codex/pkg/execpolicy/rules"
	"codex/pkg/foreign"
	"codex/pkg/jsonrpc"
	"codex/pkg/ostext"
)

// Grammar is the command line of codex-execpolicy(1).
type Grammar struct {
	cli.Overrides

	Check   checkCmd   `cmd:"" help:"hold a command against rules files"`
	Explain explainCmd `cmd:"" help:"say what a session would do with a command, part by part"`
	Compile compileCmd `cmd:"" help:"print rules files as lines of JSON"`
}

// Process is what the program knows of its surroundings.
type Process struct {
	Self           string // the program itself, which runs files that compute something
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Env            config.Env
}

// Main runs the program and gives its exit status.
func Main(ctx context.Context, args []string, p Process) int {
	prog := cli.Program{Name: "codex-execpolicy", Summary: "Judge commands by rules files.", Stdout: p.Stdout, Stderr: p.Stderr}
	var g Grammar
	k, err := cli.Parse(prog, &g, args)
	if err == nil {
		k.BindTo(ctx, (*context.Context)(nil))
		err = k.Run(&g, p)
	}
	return exit.Report(p.Stderr, prog.Name, err)
}

// command takes a "--" in front of a command away.
func command(words []string) ([]string, error) {
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	if len(words) == 0 {
		return nil, exit.Usagef("no command")
	}
	return words, nil
}

// maxRules bounds a rules file.
const maxRules = 16 << 20

// read gives the text of a rules file.
func read(path string) (string, error) {
	b, err := foreign.ReadFile(path, maxRules)
	if errors.Is(err, foreign.ErrNotRegular) && strings.HasPrefix(path, "/dev/fd/") { // --rules <(...)
		b, err = readPipe(path)
	}
	switch {
	case err != nil:
		return "", errors.New(ostext.Of(err))
	case !utf8.Valid(b):
		return "", errors.New("stream did not contain valid UTF-8")
	}
	return string(b), nil
}

func readPipe(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxRules))
}

type checkCmd struct {
	Rules   []string `short:"r" required:"" sep:"none" placeholder:"PATH" help:"rules file; may be given more than once"`
	Pretty  bool     `help:"spread the JSON over lines"`
	Resolve bool     `name:"resolve-host-executables" help:"look absolute paths up by their base names"`
	Command []string `arg:"" passthrough:"" help:"the command's words"`
}

// Run prints the rules that the command falls under.
func (c *checkCmd) Run(ctx context.Context, p Process) error {
	argv, err := command(c.Command)
	if err != nil {
		return err
	}
	var all []execpolicy.Rule
	for _, path := range c.Rules {
		text, err := read(path)
		if err != nil {
			return explainTo(p, "read", path, err)
		}
		r, err := parse(ctx, p, path, text)
		if err != nil {
			return explainTo(p, "parse", path, err)
		}
		all = append(all, r...)
	}
	matches := execpolicy.NewPolicy(all).Match(argv, c.Resolve)
	return write(p.Stdout, verdictOf(matches), c.Pretty)
}

// explainTo writes an error in the form of the original.
func explainTo(p Process, what, path string, err error) error {
	fmt.Fprintf(p.Stderr, "Error: failed to %s policy at %s\n\nCaused by:\n    %v\n", what, path, err)
	return exit.Silent(exit.Failed)
}

// verdict is what check prints.
type verdict struct {
	Matched  []matched           `json:"matchedRules"`
	Decision *execpolicy.Verdict `json:"decision,omitempty"`
}

type matched struct {
	Prefix execpolicy.Match `json:"prefixRuleMatch"`
}

func verdictOf(matches []execpolicy.Match) verdict {
	v := verdict{Matched: []matched{}}
	for _, m := range matches {
		v.Matched = append(v.Matched, matched{m})
	}
	if len(matches) > 0 {
		v.Decision = new(execpolicy.Strictest(matches))
	}
	return v
}

// write prints JSON as one line, or spread over lines.
func write(w io.Writer, v any, pretty bool) error {
	line, err := jsonrpc.Marshal(v)
	if err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	var b bytes.Buffer
	if !pretty {
		b.Write(line)
	} else if err := json.Indent(&b, line, "", "  "); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	b.WriteByte('\n')
	_, err = w.Write(b.Bytes())
	return err
}

type compileCmd struct {
	Stdin bool     `hidden:"" help:"the file's text comes by standard input, and runs here"`
	Files []string `arg:"" name:"file" help:"rules files"`
}

// Run prints the rules of the files, and one line for each file that is broken instead of
// its rules.
func (c *compileCmd) Run(ctx context.Context, p Process) error {
	if c.Stdin {
		return c.here(p)
	}
	var b bytes.Buffer
	for _, path := range c.Files {
		text, err := read(path)
		if err != nil {
			return fmt.Errorf("failed to read rules file %s: %w", path, err)
		}
		r, err := parse(ctx, p, path, text)
		if err := lines(&b, r, err); err != nil {
			return err
		}
	}
	_, err := p.Stdout.Write(b.Bytes())
	return err
}

// here runs one file within the bounds of this process.
func (c *compileCmd) here(p Process) error {
	bound()
	text, err := io.ReadAll(p.Stdin)
	if err != nil {
		return fmt.Errorf("read rules file: %w", err)
	}
	var b bytes.Buffer
	r, err := rules.Parse(c.Files[0], string(text))
	if err := lines(&b, r, err); err != nil {
		return err
	}
	_, err = p.Stdout.Write(b.Bytes())
	return err
}

// lines writes the rules of a file, or what is wrong with it.
func lines(b *bytes.Buffer, r []execpolicy.Rule, err error) error {
	var broken *execpolicy.FileError
	switch {
	case errors.As(err, &broken):
		return write(b, execpolicy.Line{Error: broken}, false)
	case err != nil:
		return err
	}
	for i := range r {
		if err := write(b, execpolicy.Line{Rule: r[i]}, false); err != nil {
			return err
		}
	}
	return nil
}
