package exec

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// patient is how long a command may take without a sign of life.
const patient = 2 * time.Second

// eraseLine goes to the begin of the terminal's line and empties it.
const eraseLine = "\r\x1b[2K"

// pulse is a terminal with a sign of life: while something takes long, its last line says
// what that is and how long it has taken. What is written goes above that line.
type pulse struct {
	w     io.Writer
	width func() int

	mu      sync.Mutex
	running []task // in the order in which they began
	drawn   bool   // the line stands there
	middle  bool   // so does the begin of something else

	stop chan struct{} // closed to end the goroutine that draws; nil before there is one
	wg   sync.WaitGroup
}

type task struct {
	id, label string
	since     time.Time
}

func (p *pulse) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	if len(b) > 0 {
		p.middle = b[len(b)-1] != '\n'
	}
	return p.w.Write(b)
}

// begin says that something has begun that may take long.
func (p *pulse) begin(id, label string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = append(p.running, task{id, label, time.Now()})
	if p.stop == nil {
		stop := make(chan struct{})
		p.stop = stop
		p.wg.Go(func() { p.tick(stop) })
	}
}

// end says that it is over.
func (p *pulse) end(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = slices.DeleteFunc(p.running, func(t task) bool { return t.id == id })
	p.erase()
}

// close takes the line away, for good.
func (p *pulse) close() {
	p.mu.Lock()
	if p.stop != nil {
		close(p.stop)
		p.stop = nil // it may be closed again
	}
	p.running = nil
	p.erase()
	p.mu.Unlock()
	p.wg.Wait()
}

func (p *pulse) tick(stop <-chan struct{}) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			p.draw(now)
		case <-stop:
			return
		}
	}
}

// draw writes the line anew.
func (p *pulse) draw(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.middle || len(p.running) == 0 {
		return
	}
	t := p.running[0]
	took := now.Sub(t.since)
	if took < patient {
		return
	}
	text := fmt.Sprintf("running for %s: %s", took.Round(time.Second), t.label)
	if more := len(p.running) - 1; more > 0 {
		text = fmt.Sprintf("running for %s, with %d more: %s", took.Round(time.Second), more, t.label)
	}
	io.WriteString(p.w, eraseLine+styled(clipped(text, p.width()-1), dim))
	p.drawn = true
}

func (p *pulse) erase() {
	if p.drawn {
		io.WriteString(p.w, eraseLine)
		p.drawn = false
	}
}
