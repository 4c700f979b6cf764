// Package update is the program codex-update: it tells how this copy was installed, and
// prints the command that gets a newer one. It runs nothing.
//
// Of codex-daemon's layer: it imports pkg/daemon/updater for the address of installers.
package update

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"codex/pkg/cli"
	"codex/pkg/cli/exit"
	"codex/pkg/cli/version"
	"codex/pkg/config"
	"codex/pkg/daemon/updater"
)

// Process is what the program takes from its process.
type Process struct {
	Args           []string // without the program's name
	Env            config.Env
	Self           string // path of the program
	Stdout, Stderr io.Writer
}

type grammar struct {
	Config  []string `short:"c" placeholder:"KEY=VALUE" sep:"none" help:"accepted and without effect"`
	Enable  []string `placeholder:"FEATURE" sep:"none" help:"accepted and without effect"`
	Disable []string `placeholder:"FEATURE" sep:"none" help:"accepted and without effect"`
}

// Run is codex-update.
func Run(p Process) error {
	var g grammar
	if _, err := cli.Parse(cli.Program{Name: "codex-update", Summary: "Tell how this copy was installed, and print the command that updates it.", Stdout: p.Stdout, Stderr: p.Stderr}, &g, p.Args); err != nil {
		return err
	}
	self, err := filepath.EvalSymlinks(p.Self)
	if err != nil {
		return fmt.Errorf("find out where this program is: %w", err)
	}
	home, err := config.Home(p.Env)
	if err != nil {
		return err
	}
	from, unread := address(home, p.Env.Get("CODEX_UPDATE_URL"))
	o, ok := here(home, from).find(self)
	if !ok {
		fmt.Fprintf(p.Stderr, "Error: nothing here says how this copy was installed, so that it is updated by hand: %s is %s\n", filepath.Dir(self), version.Line("codex-cli"))
		return exit.Silent(exit.Failed)
	}
	fmt.Fprintf(p.Stderr, "%s was installed %s.\n", version.Line("codex-cli"), o.How)
	switch {
	case o.Command == "" && unread != nil:
		return unread
	case o.Command == "":
		return errors.New("this build does not know where its installer is published: run the install.sh from where you had it, or set CODEX_UPDATE_URL")
	}
	fmt.Fprintln(p.Stderr, "To update it, run the following, or `codex update | sh`:")
	_, err = fmt.Fprintln(p.Stdout, o.Command)
	return err
}

// address is where the updater of codex-daemon gets releases from, "" for nowhere. url,
// from the environment, counts whatever its settings are.
func address(home, url string) (string, error) {
	s, err := updater.Load(updater.SettingsFile(home), url)
	if s.URL == updater.Nowhere || err != nil && url == "" {
		return "", err
	}
	return s.URL, nil
}
