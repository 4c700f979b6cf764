package launch

import (
	"fmt"
	"path/filepath"
	"strconv"

	"codex/pkg/cli/install"
	"codex/pkg/cli/pipeline"
	"codex/pkg/config"
	"codex/pkg/shellwords"
)

// Programs finds the programs that a frontend starts.
type Programs struct {
	Self string // path of the executable, as install.Self finds it
	Path string // value of PATH
	Cwd  string // absolute
}

// Engine is the command of an engine: that of --turn, or codex-turn; args go behind what a
// command of --turn has itself.
func (p Programs) Engine(command string, args ...string) (c pipeline.Command, err error) {
	c.Name = "codex-turn"
	if command == "" {
		c.Path, err = install.Find(p.Self, c.Name, p.Path)
	} else {
		words, ok := shellwords.Split(command)
		if !ok || len(words) == 0 {
			return c, fmt.Errorf("--turn %q is no command", command)
		}
		c.Name, c.Args = words[0], words[1:]
		c.Path, err = p.lookup(c.Name)
	}
	c.Args = append(c.Args, args...)
	return c, err
}

// Hand gives the program of an engine the settings files that have been decoded already.
func Hand(c *pipeline.Command, docs *config.Documents) {
	if b := docs.Encode(); pipeline.CanGive && len(b) > 0 {
		c.Given = b
		c.Args = append(c.Args, "--config-fd="+strconv.Itoa(pipeline.GivenFD))
	}
}

// Filters are the commands behind an engine: those of config.toml, and the one that tells
// the program of its notify key, to which client is the frontend's name.
func (p Programs) Filters(cfg *config.Config, client string) ([]pipeline.Command, error) {
	var filters []pipeline.Command
	for _, f := range cfg.Pipeline.Filters {
		path, err := p.lookup(f[0])
		if err != nil {
			return nil, fmt.Errorf("[pipeline] filters: %w", err)
		}
		filters = append(filters, pipeline.Command{Name: f[0], Path: path, Args: f[1:]})
	}
	if len(cfg.Notify) > 0 {
		const name = "codex-notify"
		path, err := install.Find(p.Self, name, p.Path)
		if err != nil {
			return nil, err
		}
		filters = append(filters, pipeline.Command{Name: name, Path: path, Args: append([]string{"--client", client, "--exec"}, cfg.Notify...)})
	}
	return filters, nil
}

// lookup finds a program that a person has named: by its path, beside this one when it is
// of the suite, or on PATH.
func (p Programs) lookup(name string) (string, error) {
	if name = install.Own(p.Self)(name); filepath.Base(name) != name {
		return from(p.Cwd, name), nil
	}
	return install.LookPath(name, p.Path)
}
