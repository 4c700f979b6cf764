// Package sandbox runs one command under a resolved policy.Policy.
//
// On Linux the program starts itself once more, and that process confines itself and
// starts the command (package linux). On macOS sandbox-exec becomes the command under a
// profile that package seatbelt writes, and a watcher (package watchdog) ends its process
// group should we die first. On Windows the command has a token that package wintoken
// restricts, and lives in a job. Command refuses what cannot be enforced.
//
// It imports packages policy, onexec and ostext and the packages below it, and reads no
// environment: programs are looked up in the PATH of Spec.Env.
//
// A program that calls Command with a restricted policy must call Init first thing in
// main.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"codex/pkg/ostext"
	"codex/pkg/policy"
)

// Spec is one command to run under a policy.
type Spec struct {
	Policy policy.Policy
	Argv   []string // Argv[0] is the program, looked up in the PATH of Env
	Arg0   string   // argv[0] of the command when not ""; Argv[0] is still what runs
	Dir    string   // absolute working directory
	Env    []string // the whole environment, NAME=value; nil is an empty one
	Tty    bool     // stdin is a terminal that becomes the controlling one
	Tag    string   // shown in the init process's command line, to tell it in ps

	// Proxy is the way to what Policy.Proxy lets out. Without it such a policy
	// has no network at all, and Env should not lead programs to a proxy.
	Proxy *Proxy

	// UnixSockets are sockets, or directories of them, that the command may connect
	// to and bind although its network is off. Only macOS can tell one from another.
	UnixSockets []string

	// Windows is what a command there needs beside its policy.
	Windows Windows

	// LandlockAlone lets a policy with writable roots run where namespaces are
	// refused. Their protected names are not protected then, and modes, owners and
	// times of files outside can be changed: Explain says so.
	LandlockAlone bool

	// Support is what Probe found. Nil makes Command probe, once a process,
	// the first time that a restricted policy is asked for.
	Support *Support
}

// Windows says how a command is sandboxed on Windows.
type Windows struct {
	Level string // [windows] sandbox: "", "unelevated" or "elevated"
	Home  string // CODEX_HOME: the identities that may write are kept there
}

// Proxy is where a command finds the proxy: ports of 127.0.0.1, 0 for none.
//
// On Linux the command has a loopback interface of its own. The init process
// listens there, and Take gets the listening sockets during Start, http's
// first, nil for port 0: whoever accepts connections on them connects the
// sandbox to the world, and nothing else does. Take owns the files; its error
// ends Start. Elsewhere Take is not called: the ports are the host's, and
// something listens on them already.
type Proxy struct {
	HTTP, Socks uint16
	Take        func(http, socks *os.File) error
}

// Cmd is a prepared command: an exec.Cmd whose Start, Wait and Kill know about
// the process that confines it. The caller sets Stdin, Stdout and Stderr before Start; for
// a terminal all three are the terminal's file and Spec.Tty is set. ExtraFiles
// and SysProcAttr belong to this package: a sandboxed command gets no other
// file descriptors.
//
// Start returns when the command itself runs or could not be started, and must
// be followed by Wait when it succeeded. Command.Process is the init process,
// not the command.
type Cmd struct {
	*exec.Cmd
	spec  Spec
	state cmdState
}

// Exit is how a command ended.
type Exit struct {
	Code   int            // its status, or 128+n when signal n ended it
	Signal syscall.Signal // n, or 0
}

// ExecError says that the command's program could not be run.
type ExecError struct {
	Program string
	Err     error
}

func (e *ExecError) Error() string {
	return fmt.Sprintf("run %s: %v", e.Program, ostext.Of(e.Err))
}

func (e *ExecError) Unwrap() error { return e.Err }

// ExitCode is the status that the original gives: its helper panics.
func (e *ExecError) ExitCode() int { return 101 }

// RefusedError says that the kernel does not let this policy be enforced.
// Nothing was run.
type RefusedError struct {
	Reason string   // what was refused, in the kernel's words
	Hints  []string // how to go on
}

func (e *RefusedError) Error() string { return "sandbox is not available here: " + e.Reason }

// NetworkDisabled is the variable that tells a command it has no network.
const NetworkDisabled = "CODEX_SANDBOX_NETWORK_DISABLED"

// Command prepares the process; Start starts it. When ctx ends first the
// whole tree is killed.
func Command(ctx context.Context, spec Spec) (*Cmd, error) {
	if len(spec.Argv) == 0 || spec.Argv[0] == "" {
		return nil, errEmpty
	}
	if !filepath.IsAbs(spec.Dir) {
		return nil, fmt.Errorf("sandbox: working directory %q is not absolute", spec.Dir)
	}
	if spec.Env == nil {
		spec.Env = []string{}
	}
	spec.Env = environment(spec)
	if !spec.Policy.Restricted() {
		return direct(ctx, spec)
	}
	return restricted(ctx, spec)
}

// Unenforced lists what of the policy does not hold for the command, after Start.
func (c *Cmd) Unenforced() []string {
	if !c.spec.Policy.Restricted() {
		return nil
	}
	s := c.spec.Support
	if s == nil {
		s = hostSupport()
	}
	return s.Explain(c.spec)
}

// hostSupport is Probe, once a process.
var hostSupport = sync.OnceValue(func() *Support {
	s := Probe()
	return &s
})

var errEmpty = errors.New("sandbox command must not be empty")

// environment is Env with the note about the network.
func environment(spec Spec) []string {
	switch {
	case spec.Policy.Network:
		return spec.Env
	case spec.proxied(): // an engine may not have known
		return unsetenv(spec.Env, NetworkDisabled)
	}
	return setenv(spec.Env, NetworkDisabled, "1")
}

// proxied says whether there is a network, and that it is the proxy's.
func (s Spec) proxied() bool { return s.Policy.Proxy != nil && s.Proxy != nil && !s.Policy.Network }

// setenv returns env with name set, without touching the caller's slice.
func setenv(env []string, name, value string) []string {
	return append(unsetenv(env, name), name+"="+value)
}

// unsetenv returns env without name, in a slice of its own with room for one more.
func unsetenv(env []string, name string) []string {
	out := make([]string, 0, len(env)+1)
	for _, kv := range env {
		if !strings.HasPrefix(kv, name+"=") {
			out = append(out, kv)
		}
	}
	return out
}

// argv0 is the command's argv: Arg0 replaces the first word.
func argv0(spec Spec) []string {
	if spec.Arg0 == "" {
		return spec.Argv
	}
	return append([]string{spec.Arg0}, spec.Argv[1:]...)
}
