// Package here is what the mains of programs about settings and sessions find out of the
// process that they are: its folders, its environment, its clock. They pass it in.
//
// It imports config, and of the furniture exit and install.
package here

import (
	"fmt"
	"io"
	"os"
	"time"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/install"
	"codex/pkg/clock"
	"codex/pkg/config"
	"codex/pkg/homedir"
	"codex/pkg/termtext"
)

// Process is a program in its surroundings. What cannot be found out ends it.
type Process struct {
	Name           string // of the program
	Env            config.Env
	Stdout, Stderr io.Writer // what strangers wrote does nothing there
}

// Of is the process of the program of this name.
func Of(program string) Process {
	p := Process{Name: program, Stdout: termtext.Stream(os.Stdout), Stderr: termtext.Stream(os.Stderr)}
	cwd, err := os.Getwd()
	if err != nil {
		p.Exit(fmt.Errorf("find working folder: %w", err))
	}
	p.Env = config.Env{Get: os.Getenv, Home: homedir.Of(os.Getenv, os.Getuid()), Cwd: cwd, UID: os.Getuid(), Hostname: hostname}
	return p
}

// hostname is "" when it is unknown, which matches no pattern.
func hostname() string {
	name, _ := os.Hostname()
	return name
}

// Exit reports an error, if it is one, and ends the program.
func (p Process) Exit(err error) { os.Exit(p.Report(err)) }

// Report reports an error, if it is one, and gives the exit status.
func (p Process) Report(err error) int { return exit.Report(os.Stderr, p.Name, err) }

// Clock is the clock that the environment asks for.
func (p Process) Clock() func() time.Time {
	now, err := clock.New(p.Env.Get(clock.Variable))
	if err != nil {
		p.Exit(err)
	}
	return now
}

// File is the program's own file.
func (p Process) File() string {
	exe, err := os.Executable()
	if err != nil {
		p.Exit(fmt.Errorf("find itself: %w", err))
	}
	return exe
}

// Self is the path by which the program was called, to find others beside it; where that is
// unknown, they are looked for on PATH.
func (p Process) Self() string {
	exe, _ := os.Executable() // "" is on no path
	return install.Self(os.Args[0], exe, p.Env.Get("PATH"))
}
