package seatbelt

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Predicate chooses from the system's log what the sandbox of the kernel says.
const Predicate = `(((processID == 0) AND (senderImagePath CONTAINS "/Sandbox")) OR (subsystem == "com.apple.sandbox.reporting"))`

// Denial is one thing that the kernel did not let a process do.
type Denial struct {
	Pid        int
	Process    string // its name, as the kernel cuts it
	Capability string // the operation and what it was to be done to
}

// Bounds of what is kept of a log.
const (
	maxLogLine = 64 << 10
	maxDenials = 4096
)

// ParseDenial reads one line of "log stream --style ndjson". False is a line
// about something else, or none that can be read.
func ParseDenial(line []byte) (Denial, bool) {
	var entry struct {
		EventMessage string `json:"eventMessage"`
	}
	if json.Unmarshal(line, &entry) != nil {
		return Denial{}, false
	}
	return parseMessage(entry.EventMessage)
}

// parseMessage reads "Sandbox: NAME(PID) deny(N) CAPABILITY ...". A name may
// hold brackets itself: the first number that the word follows ends it.
func parseMessage(msg string) (Denial, bool) {
	msg, ok := strings.CutPrefix(msg, "Sandbox:")
	if !ok {
		return Denial{}, false
	}
	msg, _, _ = strings.Cut(msg, "\n")
	msg = strings.TrimLeft(msg, blank)
	for at := 1; at < len(msg); at++ {
		if msg[at] != '(' {
			continue
		}
		end := at + 1
		for end < len(msg) && '0' <= msg[end] && msg[end] <= '9' {
			end++
		}
		rest, ok := strings.CutPrefix(msg[end:], ")")
		pid, err := strconv.ParseUint(msg[at+1:end], 10, 31)
		if !ok || err != nil {
			continue
		}
		word := strings.TrimLeft(rest, blank)
		if word == rest {
			continue
		}
		after, ok := strings.CutPrefix(word, "deny(")
		if !ok {
			continue
		}
		if _, after, ok = strings.Cut(after, ")"); !ok {
			continue
		}
		if after = strings.TrimLeft(after, blank); after != "" {
			return Denial{int(pid), visible(msg[:at]), visible(after)}, true
		}
	}
	return Denial{}, false
}

const blank = " \t\r\f\v"

// visible replaces what a terminal would act upon: a command chooses the names
// of its files and programs.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}

// ReadDenials reads a log to its end and gives each denial to add. Lines that
// are too long are passed over.
func ReadDenials(log io.Reader, add func(Denial)) error {
	r := bufio.NewReaderSize(log, maxLogLine)
	long := false
	for {
		line, err := r.ReadSlice('\n')
		if err == nil && !long {
			if d, ok := ParseDenial(line); ok {
				add(d)
			}
		}
		switch {
		case err == nil:
			long = false
		case errors.Is(err, bufio.ErrBufferFull):
			long = true
		case errors.Is(err, io.EOF):
			return nil
		default:
			return fmt.Errorf("read the system's log: %w", err)
		}
	}
}

// Denials collects what was denied.
type Denials struct {
	list []Denial
	seen map[Denial]bool
}

// Add keeps d, once.
func (l *Denials) Add(d Denial) {
	if l.seen == nil {
		l.seen = map[Denial]bool{}
	}
	if len(l.list) < maxDenials && !l.seen[d] {
		l.seen[d] = true
		l.list = append(l.list, d)
	}
}

// Report writes what was denied to the processes of family: one line for each
// pair of a program and a capability.
func (l *Denials) Report(w io.Writer, family *Family) error {
	var b strings.Builder
	b.WriteString("\n=== Sandbox denials ===\n")
	said := map[string]bool{}
	for _, d := range l.list {
		line := "(" + d.Process + ") " + d.Capability + "\n"
		if family.Has(d.Pid) && !said[line] {
			said[line] = true
			b.WriteString(line)
		}
	}
	if len(said) == 0 {
		b.WriteString("None found.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
