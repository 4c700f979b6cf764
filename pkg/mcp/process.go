package mcp

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"codex/pkg/shellenv"
	"codex/pkg/watchdog"
)

// leaveTime is how long a program may take to leave after SIGTERM before its group is
// killed.
const leaveTime = 2 * time.Second

// process is the running program of a server, leader of a process group of its own.
type process struct {
	cmd    *exec.Cmd
	guard  *watchdog.Guard
	stdin  *os.File
	stdout *os.File
	gone   chan struct{} // it is reaped
	forced bool          // it did not leave when it was asked to
	stderr *lineWriter
	ending sync.Once
}

// inherited are the variables of ours that every server gets.
func inherited() []string {
	return []string{"HOME", "LOGNAME", "PATH", "SHELL", "USER", "__CF_USER_TEXT_ENCODING", "LANG", "LC_ALL", "TERM", "TMPDIR", "TZ",
		// Windows programs do not start without these.
		"SystemRoot", "ComSpec", "PATHEXT", "TEMP", "TMP", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "ProgramFiles"}
}

// environment is all that the program gets to see of ours, and what the settings add.
func environment(ctx context.Context, s Server, o Options) ([]string, error) {
	if len(s.Remote) > 0 {
		return nil, fmt.Errorf("env_vars entry `%s` has source `remote`, and the server is local", s.Remote[0])
	}
	ours, env := shellenv.Map(o.Environ), map[string]string{}
	for _, name := range append(inherited(), s.EnvVars...) {
		if v, ok := ours[name]; ok {
			env[name] = v
		}
	}
	for name, secret := range s.Env {
		v, err := o.reveal(ctx, s, secret)
		if err != nil {
			return nil, err
		}
		env[name] = v
	}
	return shellenv.List(env), nil
}

// start starts the program of a server. It outlives ctx.
func start(ctx context.Context, s Server, o Options) (*process, error) {
	env, err := environment(ctx, s, o)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(context.Background(), s.Command, s.Args...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = env, s.Cwd, leaveTime
	stderr := &lineWriter{line: func(l string) { o.log("%s: %s", s.Name, l) }}
	cmd.Stderr = stderr
	watchdog.OwnGroup(cmd)
	p := &process{stderr: stderr, cmd: cmd, guard: cmp.Or(o.Guard, &watchdog.Guard{}), gone: make(chan struct{})}
	childIn, stdin, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	stdout, childOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, childIn.Close(), stdin.Close())
	}
	p.stdin, p.stdout, cmd.Stdin, cmd.Stdout = stdin, stdout, childIn, childOut
	err = p.guard.Start(cmd, o.Self)
	childIn.Close()
	childOut.Close()
	if err != nil {
		stdin.Close()
		stdout.Close()
		return nil, err
	}
	go func() {
		_ = cmd.Wait() // calls fail with the end of its output; obituary says how it ended
		stderr.finish()
		close(p.gone)
	}()
	return p, nil
}

// end asks the group to leave, and kills what is left of it. It returns when the program is
// reaped.
func (p *process) end() {
	p.ending.Do(func() {
		p.stdin.Close()
		watchdog.Terminate(p.cmd)
		select {
		case <-p.gone:
		case <-time.After(leaveTime):
			p.forced = true
		}
		p.guard.End(p.cmd)
		p.stdout.Close()
	})
	<-p.gone
}

// obituary says how the program ended, unless that was by a signal of ours, and what it said
// last.
func (p *process) obituary() string {
	p.end()
	var words []string
	if state := p.cmd.ProcessState; state != nil && !p.forced {
		if s, ok := state.Sys().(syscall.WaitStatus); !ok || !s.Signaled() || s.Signal() != syscall.SIGTERM {
			words = append(words, state.String())
		}
	}
	if p.stderr.last != "" {
		words = append(words, "it said: "+p.stderr.last)
	}
	return strings.Join(words, "; ")
}

// maxStderr bounds one line of what a program says.
const maxStderr = 4 << 10

// lineWriter cuts what is written into lines.
type lineWriter struct {
	line func(string)
	buf  []byte
	last string // that is not blank
}

// Write implements io.Writer; it never fails.
func (w *lineWriter) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		part := b
		if i >= 0 {
			part = b[:i]
		}
		w.buf = append(w.buf, part[:min(len(part), maxStderr-len(w.buf))]...)
		if i < 0 {
			break
		}
		w.say()
		b = b[i+1:]
	}
	return n, nil
}

func (w *lineWriter) say() {
	line := strings.ToValidUTF8(string(bytes.TrimRight(w.buf, "\r")), "\uFFFD")
	if strings.TrimSpace(line) != "" {
		w.last = line
	}
	w.line(line)
	w.buf = w.buf[:0]
}

// finish gives the last line, which needs no end.
func (w *lineWriter) finish() {
	if len(w.buf) > 0 {
		w.say()
	}
}
