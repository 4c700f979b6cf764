package exec

import (
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/pipeline"
)

// grace is how long the engine has to end a turn that was interrupted, to write its
// session file when it is told to leave, and to leave after its turn.
const grace = 5 * time.Second

// rest is how long the last lines of an engine that has left may take to be shown.
const rest = time.Second

// control is what can end a run from outside: signals and the time limit. It runs beside
// the conversation, which may be blocked in a read or a write.
type control struct {
	signals func() <-chan os.Signal
	die     func(sig os.Signal, status int) // ends the process
	watch   func() (closed <-chan struct{}, stop func())
	limit   time.Duration
	show    renderer
	notice  io.Writer
	begun   chan struct{} // closed when the turn runs
	shown   chan struct{} // closed when all that the engine said is shown
	done    chan struct{} // closed when the run is over
	wg      sync.WaitGroup

	mu           sync.Mutex
	pipe         *pipeline.Pipeline
	talk         *talk
	thread, turn string // "" before there is one
	interrupts   int
	limited      bool          // the time limit was reached
	unread       bool          // nobody reads stdout any more
	leaving      chan struct{} // not nil once a signal ends the run; closed at the end of it
	leavingWith  os.Signal
}

// start begins to listen. Until then signals have their default action, and the engine
// goes with its parent; to ask for them earlier would delay the engine.
func (c *control) start(p *pipeline.Pipeline) {
	c.pipe = p
	c.begun, c.shown, c.done = make(chan struct{}), make(chan struct{}), make(chan struct{})
	var limit <-chan time.Time
	var timer *time.Timer
	if c.limit > 0 {
		timer = time.NewTimer(c.limit)
		limit = timer.C
	}
	var signals <-chan os.Signal
	if c.signals != nil {
		signals = c.signals()
	}
	c.wg.Go(func() {
		if timer != nil {
			defer timer.Stop()
		}
		begun := c.begun
		var closed <-chan struct{}
		for {
			select {
			case <-begun: // to watch costs a thread: not before there is time
				begun = nil
				if c.watch != nil {
					var stop func()
					closed, stop = c.watch()
					defer stop()
				}
			case <-closed:
				closed = nil
				c.hurry()
			case sig := <-signals:
				c.signal(sig)
			case <-limit:
				c.timeUp()
			case <-c.done:
				return
			}
		}
	})
}

// stop ends control. If a signal is ending the process it waits for that, and gives the
// status for the case that there still is a process.
func (c *control) stop() error {
	if c.done == nil {
		return nil // it never began
	}
	close(c.shown)
	c.mu.Lock()
	leaving, sig := c.leaving, c.leavingWith
	c.mu.Unlock()
	if leaving != nil {
		<-leaving
		close(c.done)
		c.wg.Wait()
		return exit.Silent(signalStatus(sig))
	}
	close(c.done)
	c.wg.Wait()
	return nil
}

func (c *control) opened(t *talk) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.talk, c.thread = t, t.thread
}

// running takes note of the turn's id. An interrupt that came before is sent again: the
// first may have found no turn.
func (c *control) running(turn string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn = turn
	close(c.begun)
	if c.interrupts > 0 || c.limited {
		c.sendInterrupt()
	}
}

func (c *control) signal(sig os.Signal) {
	switch sig {
	case syscall.SIGPIPE: // the write that caused it tells
		return
	case os.Interrupt:
		c.mu.Lock()
		c.interrupts++
		first := c.interrupts == 1 && c.thread != ""
		if first {
			c.sendInterrupt()
		}
		c.mu.Unlock()
		if first {
			return
		}
	}
	c.end(sig, signalStatus(sig))
}

// sendInterrupt must not block: the engine's stdin may be full.
func (c *control) sendInterrupt() {
	t, thread, turn := c.talk, c.thread, c.turn
	c.wg.Go(func() { _ = t.interrupt(thread, turn) }) // if the engine is gone, its lines end
}

func (c *control) timeUp() {
	c.mu.Lock()
	talking := c.thread != ""
	c.limited = true
	if talking {
		c.sendInterrupt()
		c.hurryLocked()
	}
	c.mu.Unlock()
	if !talking {
		fmt.Fprintln(c.notice, "Error: "+c.limitText())
		c.end(nil, exit.Limit)
	}
}

func (c *control) limitText() string {
	return "time limit of " + c.limit.String() + " reached"
}

// hurry is called when nobody reads stdout any more: the turn is for nothing. It gives
// the engine a moment to end it.
func (c *control) hurry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unread {
		return
	}
	c.unread = true
	if c.thread != "" {
		c.sendInterrupt()
	}
	c.hurryLocked()
}

func (c *control) hurryLocked() {
	if p := c.pipe; p != nil {
		done := c.done
		c.wg.Go(func() {
			late := time.NewTimer(grace)
			defer late.Stop()
			select {
			case <-late.C:
				p.Terminate()
			case <-done:
				return
			}
			late.Reset(grace)
			select {
			case <-late.C:
				p.Kill()
			case <-done:
			}
		})
	}
}

// end tells the engine to leave, waits for that, and ends the process.
func (c *control) end(sig os.Signal, status int) {
	c.mu.Lock()
	p := c.pipe
	c.leaving, c.leavingWith = make(chan struct{}), sig
	c.mu.Unlock()
	if p != nil {
		p.Terminate()
		p.Wait(grace)
		c.showRest()
	}
	c.die(sig, status)
	close(c.leaving)
}

// showRest waits until what the engine said last is shown; nobody reads it before there is
// a turn, and a stdout that is stuck does not get it.
func (c *control) showRest() {
	c.mu.Lock()
	talking := c.turn != ""
	c.mu.Unlock()
	if !talking {
		return
	}
	late := time.NewTimer(rest)
	defer late.Stop()
	select {
	case <-c.shown:
	case <-late.C:
	}
}

// leavingNow says whether a signal is about to end the process.
func (c *control) leavingNow() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leaving != nil
}

// interrupted says whether a person wanted the turn to end.
func (c *control) interrupted() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.interrupts > 0
}

// cause says what ended the turn from outside, if something did.
func (c *control) cause() (limited, unread bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.limited, c.unread
}

// signalStatus is the status of a process that a signal ended, as a shell shows it.
func signalStatus(sig os.Signal) int {
	if s, ok := sig.(syscall.Signal); ok {
		return 128 + int(s)
	}
	return exit.Limit
}
