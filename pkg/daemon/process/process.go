// Package process tells one process from every other that ever has its number: who runs
// as pid N, since when, and is it the one that was written down.
//
// Daemon layer: it imports the standard library only. On Linux it reads /proc and needs no
// ps; on other Unix systems it asks ps.
package process

import (
	"strings"
	"time"
)

// Identity names a process for good: no other process of this machine has the same. It
// exists on Linux only.
type Identity struct {
	BootID     string `json:"bootId"`
	StartTicks uint64 `json:"startTicks"` // clock ticks from boot to start
}

// Info is what the system says about a process.
type Info struct {
	Identity *Identity // nil where the system has none
	Started  time.Time // to the second, zero when unknown
	// Text is the start as ps -o lstart= writes it, in the zone of this process
	// ("Sun Nov 22 10:42:28 2026"): the original compares it byte by byte.
	Text string
	// Dead is a process that has ended and waits for its parent to notice (a zombie).
	Dead bool
	// Stopped is one that a signal has stopped: it does nothing before SIGCONT.
	Stopped bool
}

// startLayout is ctime's, with the day padded by a space.
const startLayout = "Mon Jan _2 15:04:05 2006"

// StartedAt says whether text, written by ps on this machine, is the start of the
// process. exact is true when it says so in our own zone.
//
// The writer may have had another zone than we have: then the two differ by an offset
// that some zone has. A second of difference is granted, because ps adds up two rounded
// numbers.
func (i Info) StartedAt(text string) (same, exact bool) {
	text = strings.TrimSpace(text)
	if text == i.Text {
		return true, true
	}
	wrote, err := time.Parse(startLayout, text)
	if err != nil || i.Started.IsZero() {
		return false, false
	}
	const quarter = 15 * time.Minute // all offsets in use are multiples of it
	_, here := i.Started.Zone()
	offset := wrote.Sub(i.Started.UTC().Truncate(time.Second))
	near := offset.Round(quarter)
	if d := (offset - near).Abs(); d > time.Second || near < -12*time.Hour || near > 14*time.Hour {
		return false, false
	}
	return true, near == time.Duration(here)*time.Second
}
