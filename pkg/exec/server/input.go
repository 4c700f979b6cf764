package server

import (
	"os"
	"sync"

	"codex/pkg/exec/wire"
)

const (
	// inputEager is how much input may be queued before the answer waits for the child.
	inputEager = 1 << 20
	// inputMost is how much a client may send without waiting for answers.
	inputMost = 64 << 20
	// writeIDs is how many ids are remembered to drop repeats.
	writeIDs = 1024
)

// input feeds the stdin of one process from a queue, so that a child that does not read
// holds up its own writes only.
type input struct {
	has   bool            // there will be a stdin
	tty   bool            // whose end is a character
	ready <-chan struct{} // w is set
	w     *os.File        // nil: the start failed

	mu     sync.Mutex
	queue  []inputChunk
	size   int
	active bool // the writing goroutine runs
	eof    bool // closed by the client
	over   bool // the process is at an end
	ids    map[string]bool
	order  []string
}

type inputChunk struct {
	data   []byte
	eof    bool
	answer func(status string) // nil: answered already
}

// put queues a write. answer is called once, now or when the queue has room. It says
// false if the client sends without end.
func (in *input) put(id string, data []byte, eof bool, answer func(status string)) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case !in.has || in.eof:
		answer(wire.WriteStdinClosed)
		return true
	case in.over || in.repeat(id): // as the original: what nobody reads is accepted
		answer(wire.WriteAccepted)
		return true
	case in.size+len(data) > inputMost || len(in.queue) >= maxWaiting:
		return false
	}
	in.eof = eof
	in.size += len(data)
	if in.size <= inputEager && in.started() {
		answer(wire.WriteAccepted)
		answer = nil
	}
	in.queue = append(in.queue, inputChunk{data, eof, answer})
	if !in.active {
		in.active = true
		go in.run()
	}
	return true
}

func (in *input) started() bool {
	select {
	case <-in.ready:
		return true
	default:
		return false
	}
}

func (in *input) repeat(id string) bool {
	if id == "" {
		return false
	}
	if in.ids[id] {
		return true
	}
	if in.ids == nil {
		in.ids = map[string]bool{}
	}
	in.ids[id] = true
	in.order = append(in.order, id)
	if len(in.order) > writeIDs {
		delete(in.ids, in.order[0])
		in.order = in.order[1:]
	}
	return false
}

// run writes until the queue is empty; stop ends a Write under way by closing the file.
func (in *input) run() {
	<-in.ready
	in.mu.Lock()
	defer in.mu.Unlock()
	for len(in.queue) > 0 {
		c := in.queue[0]
		in.queue = in.queue[1:]
		over := in.over
		in.mu.Unlock()
		status := wire.WriteAccepted
		if in.w == nil {
			status = wire.WriteUnknown
		} else if !over {
			in.w.Write(c.data) // an error means that nobody reads: the exit will tell
			if c.eof {
				if in.tty {
					in.w.Write([]byte{4})
				} else {
					in.w.Close()
				}
			}
		}
		if c.answer != nil {
			c.answer(status)
		}
		in.mu.Lock()
		in.size -= len(c.data)
	}
	in.queue = nil
	in.active = false
}

// stop drops what is queued (with its answers given) and closes the pipe.
func (in *input) stop() {
	in.mu.Lock()
	in.over = true
	in.mu.Unlock()
	if in.w != nil && !in.tty { // a terminal is closed with its stream
		in.w.Close()
	}
}
