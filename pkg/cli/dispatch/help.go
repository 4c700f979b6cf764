package dispatch

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"codex/man"
	"codex/pkg/cli/completion"
	"codex/pkg/cli/manpage"
	"codex/pkg/cli/options"
)

// overview prints what codex --help shows: the table of commands and the root options.
func overview(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "codex: a coding agent made of small programs\n\n"+
		"Usage: codex [OPTIONS] [PROMPT]\n       codex [OPTIONS] <COMMAND> [ARGS]\n")
	var planned []string
	for _, class := range classes() {
		head := "\n" + string(class) + "\n"
		for _, c := range Commands() {
			if c.Class != class || c.Hidden {
				continue
			}
			if c.Planned {
				planned = append(planned, c.Name)
				continue
			}
			fmt.Fprintf(b, "%s  %-14s %s\n", head, strings.Join(append([]string{c.Name}, c.Aliases...), ", "), c.Help)
			head = ""
		}
	}
	fmt.Fprintf(b, "\nnot built yet in this version\n%s", wrap(planned, 78, "  "))
	fmt.Fprint(b, "\noptions, passed on to the command\n")
	if err := options.Help(b, rootListed()); err != nil {
		return err
	}
	fmt.Fprint(b, "\nAny program named codex-NAME on PATH runs as 'codex NAME'.\n"+
		"'codex help NAME' shows a manual page; topics: "+strings.Join(topics(), ", ")+".\n")
	return b.Flush()
}

func wrap(words []string, width int, indent string) string {
	var b strings.Builder
	col := 0
	for i, w := range words {
		if i < len(words)-1 {
			w += ","
		}
		switch {
		case col == 0:
			b.WriteString(indent)
			col = len(indent)
		case col+1+len(w) > width:
			b.WriteString("\n" + indent)
			col = len(indent)
		default:
			b.WriteByte(' ')
			col++
		}
		b.WriteString(w)
		col += len(w)
	}
	return b.String() + "\n"
}

// topics lists the pages of sections 5 and 7, without "codex-".
func topics() []string {
	var out []string
	for _, name := range man.Names() {
		stem, section, _ := strings.Cut(name, ".")
		if section != "5" && section != "7" {
			continue
		}
		topic := strings.TrimPrefix(stem, "codex-")
		if man.Has(stem + ".1") { // the name alone is the command's
			topic = section + " " + topic
		}
		out = append(out, topic)
	}
	return out
}

// pages lists what help knows a page for: commands and topics.
func pages() []string {
	out := topics()
	for _, c := range Commands() {
		if c.Page != "" && !c.Hidden {
			out = append(out, c.Name)
		}
	}
	slices.Sort(out)
	return out
}

// help shows the page of a command or topic: with man(1) on a terminal, else as text.
func (c Call) help(words []string) error {
	if len(words) == 0 {
		return overview(c.Stdout)
	}
	page, err := c.page(words)
	if err != nil {
		return err
	}
	text, err := man.Read(page)
	if err != nil {
		return fmt.Errorf("read manual page: %w", err)
	}
	if c.StdoutTTY && c.showMan(page, text) == nil {
		return nil
	}
	return manpage.Render(c.Stdout, text)
}

// page finds the manual page for what the user calls it. As with man(1), a number in
// front is the section to look in.
func (c Call) page(words []string) (string, error) {
	sections := []string{"1", "5", "7"}
	if len(words) > 1 && slices.Contains(sections, words[0]) {
		sections, words = words[:1], words[1:]
	}
	name := strings.Join(words, " ")
	cmd, _, known := lookup(words)
	stems := []string{name, "codex-" + name}
	if cmd.Page != "" {
		stems = append([]string{strings.TrimSuffix(cmd.Page, ".1")}, stems...)
	}
	for _, stem := range stems {
		for _, section := range sections {
			if page := stem + "." + section; man.Has(page) {
				return page, nil
			}
		}
	}
	switch {
	case known && cmd.Planned:
		return "", fmt.Errorf("'%s' is not built yet in this version", cmd.Name)
	case known && man.Has("codex.1"):
		return "codex.1", nil
	}
	msg := fmt.Sprintf("unrecognized subcommand '%s'", name)
	var have []string
	for _, cmd := range Commands() {
		have = append(have, cmd.Name)
	}
	if tip := options.Similar(name, append(have, topics()...)); tip != "" {
		msg += fmt.Sprintf("\n\n  tip: a similar page exists: '%s'", tip)
	}
	return "", usageError(msg)
}

// showMan lets man(1) show the embedded page, so that it always fits this version.
func (c Call) showMan(page string, text []byte) error {
	path, err := exec.LookPath("man")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp("", "*-"+page)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	cmd := exec.Cmd{Path: path, Args: []string{"man", "-l", f.Name()}, Env: c.Env, Stdin: os.Stdin, Stdout: c.Stdout, Stderr: io.Discard}
	return cmd.Run()
}

func rootListed() (all []options.Option) {
	for _, o := range rootOptions() {
		all = append(all, o.Option)
	}
	return all
}

// rootSet is the command line of codex itself.
func rootSet() options.Set {
	s := options.Set{Options: rootListed()}
	for _, c := range Commands() {
		if c.Hidden && c.Name != "app-server daemon" || c.Planned {
			continue
		}
		words := c.Words
		switch c.Name {
		case "help":
			words = strings.Join(pages(), " ")
		case "completion":
			words = strings.Join(completion.Shells(), " ")
		}
		s.Commands = append(s.Commands, options.Command{Path: c.Name, Aliases: c.Aliases, Argument: words, Help: c.Help})
	}
	return s
}

// completion prints the script for a shell, made from the option lists of the programs
// that are installed with this one.
func (c Call) completion(words []string) error {
	shell := "bash"
	if len(words) > 1 {
		return usageError(fmt.Sprintf("unexpected argument '%s' found", words[1]))
	}
	if len(words) == 1 {
		shell = words[0]
	}
	script, err := completionScript(shell, c.allOptions())
	if err != nil {
		return err
	}
	_, err = io.WriteString(c.Stdout, script)
	return err
}
