// Package pipeline starts an engine and the filters behind it as child processes, joins them
// with pipes, and makes sure that none outlives its parent:
//
//	frontend → engine → filter → … → frontend
//
// Lines of a frontend go straight to the engine; what the engine says passes every filter on
// its way back. Each child leads a process group of its own, so that a signal from the
// terminal reaches the frontend alone, which decides what it means, and so that a child and
// all it started can be killed together. On Linux a child gets SIGTERM when its parent
// dies, however that happens.
//
// It knows nothing of what the lines mean. It imports watchdog, and exit for a status.
package pipeline

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// Command is one program of a pipeline.
type Command struct {
	Name string   // for messages
	Path string   // of the executable
	Args []string // without the program's own name
	// Given is what the program can read from descriptor GivenFD, where CanGive is true.
	Given []byte
}

// GivenFD is the descriptor of what a program is given beside its standard input.
const GivenFD = 3

// Spec says what to start. Nil Env, empty Dir and nil Stderr are the parent's.
type Spec struct {
	Engine  Command
	Filters []Command
	Env     []string
	Dir     string
	Stderr  *os.File
}

// Pipeline is a running engine with its filters.
type Pipeline struct {
	// In goes to the engine. Closing it (Close does) asks the engine to leave.
	In io.WriteCloser
	// Out comes from the last filter. It ends when that one has left.
	Out io.ReadCloser

	procs  []*child // the engine first
	given  sync.WaitGroup
	waited sync.Once
	exits  []Exit
}

type child struct {
	name string
	proc *os.Process
}

// Exit says how a child ended.
type Exit struct {
	Name  string
	State *os.ProcessState // nil when waiting failed
}

// OK says whether the child left with status 0.
func (e Exit) OK() bool { return e.State != nil && e.State.Success() }

// Signaled says whether a signal ended the child.
func (e Exit) Signaled() bool {
	if e.State == nil {
		return false
	}
	ws, ok := e.State.Sys().(syscall.WaitStatus)
	return ok && ws.Signaled()
}

func (e Exit) String() string {
	if e.State == nil {
		return e.Name + ": cannot tell how it ended"
	}
	if ws, ok := e.State.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return fmt.Sprintf("%s was killed by signal %d (%v)", e.Name, int(ws.Signal()), ws.Signal())
	}
	return fmt.Sprintf("%s ended with status %d", e.Name, e.State.ExitCode())
}

// StartError tells which program could not be started.
type StartError struct {
	Name string
	Err  error
}

func (e *StartError) Error() string { return fmt.Sprintf("start %s: %v", e.Name, e.Err) }
func (e *StartError) Unwrap() error { return e.Err }

// Start starts all programs. When one cannot be started the others are killed again.
func Start(s Spec) (*Pipeline, error) {
	if s.Stderr == nil {
		s.Stderr = os.Stderr
	}
	engineIn, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe to the engine: %w", err)
	}
	p := &Pipeline{In: in}
	upstream := engineIn
	for _, c := range append([]Command{s.Engine}, s.Filters...) {
		r, w, err := os.Pipe()
		if err == nil {
			var proc *os.Process
			proc, err = p.start(s, c, upstream, w)
			w.Close()
			if err == nil {
				p.procs = append(p.procs, &child{c.Name, proc})
			} else {
				r.Close()
			}
		}
		upstream.Close()
		if err != nil {
			in.Close()
			p.Kill()
			p.Wait(0)
			if perr, ok := errors.AsType[*os.PathError](err); ok {
				err = perr.Err
			}
			return nil, &StartError{c.Name, err}
		}
		upstream = r
	}
	p.Out = upstream
	return p, nil
}

// start starts one program.
func (p *Pipeline) start(s Spec, c Command, stdin, stdout *os.File) (*os.Process, error) {
	files := []*os.File{stdin, stdout, s.Stderr}
	if len(c.Given) > 0 {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		defer r.Close()
		files = append(files, r)
		p.given.Go(func() { // ends when all is read, or nobody is there to read it
			_, _ = w.Write(c.Given)
			w.Close()
		})
	}
	return os.StartProcess(c.Path, append([]string{c.Path}, c.Args...), &os.ProcAttr{Dir: s.Dir, Env: s.Env, Files: files, Sys: childAttr()})
}

// Terminate asks the engine to leave at once but in good order (SIGTERM; on Windows it
// is killed). The filters leave when the engine's output ends.
func (p *Pipeline) Terminate() { terminate(p.procs[0].proc) }

// Kill kills every child with all that is left in its process group.
func (p *Pipeline) Kill() {
	for _, c := range p.procs {
		kill(c.proc)
	}
}

// Wait waits until every child has left, and says how each did, the engine first. A
// positive grace bounds the wait: after it the engine is asked to leave, and after
// another one the rest is killed. In is closed first, and what still comes out of Out is
// dropped. Wait may be called more than once.
func (p *Pipeline) Wait(grace time.Duration) []Exit {
	p.waited.Do(func() {
		p.In.Close()
		if grace > 0 {
			late := time.AfterFunc(grace, p.Terminate)
			tooLate := time.AfterFunc(2*grace, p.Kill)
			defer late.Stop()
			defer tooLate.Stop()
		}
		drained := make(chan struct{})
		go func() { // a child that has something left to say must not block on it
			defer close(drained)
			if p.Out != nil {
				_, _ = io.Copy(io.Discard, p.Out)
			}
		}()
		for _, c := range p.procs {
			state, err := c.proc.Wait()
			if err != nil {
				state = nil
			}
			p.exits = append(p.exits, Exit{c.name, state})
		}
		p.given.Wait()
		if p.Out != nil {
			p.Out.Close() // something that a child left behind may still hold the other end
		}
		<-drained
	})
	return p.exits
}

// Blame picks from how children ended the one that explains that the lines stopped: a
// filter that failed, for the engine then only lost its reader; else the engine.
func Blame(exits []Exit) string {
	if len(exits) == 0 {
		return "nothing was started"
	}
	for _, e := range exits[1:] {
		if !e.OK() {
			return e.String()
		}
	}
	return exits[0].String()
}
