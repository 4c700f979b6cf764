package notify

import (
	"context"
	"fmt"
	"io"
	"runtime"

	"codex/pkg/cli/install"
	"codex/pkg/config"
)

// Process is what Run may see and touch.
type Process struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Env            config.Env
	Program        func(name string) string  // see config.Options
	TTY            func() (io.Writer, error) // opens the terminal; called only when it is wanted
	Kernel         func() string             // what the kernel says of itself, "" when that is unknown
}

// Run passes lines from stdin to stdout until the end of stdin, and tells of events.
// Without a way to tell among the flags, the notify program of config.toml is run; with
// none there either, it only passes lines.
func Run(ctx context.Context, f Flags, p Process) error {
	if f.Auto {
		f.choose(Auto(p.Env.Get, p.Kernel))
	}
	t := &Teller{Command: f.Exec, Client: f.Client, Bell: f.Bell, OSC9: f.OSC9, TMUX: p.Env.Get("TMUX") != "", Log: p.Stderr}
	if len(f.Exec) == 0 && !f.Bell && !f.OSC9 && !f.Desktop {
		cfg, err := config.Load(ctx, config.Options{Env: p.Env, Overrides: f.Config, Enable: f.Enable, Disable: f.Disable, Profile: f.Profile, Program: p.Program})
		if err != nil {
			return err
		}
		t.Command = cfg.Notify
	}
	if f.Desktop {
		toast := p.Env.Get("WT_SESSION") != "" && WSL2(p.Env.Get, p.Kernel)
		look := func(name string) (string, error) { return install.LookPath(name, p.Env.Get("PATH")) }
		t.Desktop = func(text string) ([]string, error) { return Desktop(runtime.GOOS, toast, look, text) }
	}
	if f.Bell || f.OSC9 || f.Desktop {
		tty, err := p.TTY()
		if err == nil {
			t.TTY = tty
		} else if !f.Desktop {
			fmt.Fprintf(p.Stderr, "codex-notify: warning: no terminal to ring: %v\n", err)
		}
	}
	var w Watcher
	return Pass(p.Stdout, p.Stdin, func(line []byte) {
		if e, ok := w.See(line); ok {
			t.Tell(e)
		}
	})
}

// choose sets the option that a method stands for.
func (f *Flags) choose(m Method) {
	switch m {
	case OSC9:
		f.OSC9 = true
	case Toast:
		f.Desktop = true
	default:
		f.Bell = true
	}
}
