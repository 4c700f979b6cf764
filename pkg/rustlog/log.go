// Package rustlog is the log of programs for those who look for a fault: what RUST_LOG asks
// for, one line a write, on standard error or in a log file. Without RUST_LOG there is none,
// and a nil *Log takes everything and costs nothing.
//
// A line says when, how grave, which part of the suite, and what happened:
//
//	2026-11-22T10:44:54.666193Z  INFO codex_core: turn started thread_id=01a2...
//
// Ground layer: it imports the standard library only.
package rustlog

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Level is how grave a line is; what is enabled at one is at all before it.
type Level int

// The levels. Off is none.
const (
	Off Level = iota
	Error
	Warn
	Info
	Debug
	Trace
)

func (l Level) String() string {
	return [...]string{"OFF", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"}[l]
}

// Names of the variables.
const (
	Variable = "RUST_LOG"
	// Format is "json" for lines of JSON; LOG_FORMAT is the original's name, which only its
	// app-server knows.
	Format       = "CODEX_LOG_FORMAT"
	FormatOfPeer = "LOG_FORMAT"
)

// Log is where lines go. Its methods may be called from anywhere, and of a nil one.
type Log struct {
	filter filter
	json   bool
	now    func() time.Time
	target string

	mu *sync.Mutex
	w  io.Writer
}

// New reads the environment. Without a setting, and with one that lets nothing through, the log
// is nil. target is the part that the program is, in the original's words.
func New(getenv func(string) string, target string, w io.Writer, now func() time.Time) (*Log, error) {
	setting := getenv(Variable)
	if setting == "" {
		return nil, nil
	}
	f, err := parse(setting)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", Variable, err)
	}
	if f.most() == Off {
		return nil, nil
	}
	return &Log{filter: f, json: strings.EqualFold(getenv(Format), "json"), now: now, target: target, mu: &sync.Mutex{}, w: w}, nil
}

// JSON switches lines of JSON on.
func (l *Log) JSON() {
	if l != nil {
		l.json = true
	}
}

// Part is the log for another part of the same program.
func (l *Log) Part(target string) *Log {
	if l == nil {
		return nil
	}
	part := *l
	part.target = target
	return &part
}

// On tells whether a line of this level would be written: ask it before a line is expensive.
func (l *Log) On(level Level) bool { return l != nil && level <= l.filter.level(l.target) }

// Error, Warn, Info, Debug and Trace write a line: what happened, and pairs of a name and a
// value.
func (l *Log) Error(what string, pairs ...any) { l.write(Error, what, pairs) }

// Warn is for what goes on in another way than was meant.
func (l *Log) Warn(what string, pairs ...any) { l.write(Warn, what, pairs) }

// Info is for what a session does.
func (l *Log) Info(what string, pairs ...any) { l.write(Info, what, pairs) }

// Debug is for what it takes.
func (l *Log) Debug(what string, pairs ...any) { l.write(Debug, what, pairs) }

// Trace is for every line of a protocol.
func (l *Log) Trace(what string, pairs ...any) { l.write(Trace, what, pairs) }

func (l *Log) write(level Level, what string, pairs []any) {
	if !l.On(level) {
		return
	}
	at := l.now().UTC().Format("2006-01-02T15:04:05.000000Z")
	line := l.text(at, level, what, pairs)
	if l.json {
		line = l.object(at, level, what, pairs)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.w.Write(line) // there is nowhere to tell of it
}

func (l *Log) text(at string, level Level, what string, pairs []any) []byte {
	b := fmt.Appendf(nil, "%s %5s %s: %s", at, level, l.target, plain(what))
	for i := 0; i+1 < len(pairs); i += 2 {
		b = fmt.Appendf(b, " %v=%s", pairs[i], plain(fmt.Sprint(pairs[i+1])))
	}
	return append(b, '\n')
}

// plain is a text on one line that no terminal makes anything of.
func plain(s string) string {
	if q := strconv.Quote(s); q != `"`+s+`"` {
		return q
	}
	return s
}

// object is the form in which the original's app-server writes JSON.
func (l *Log) object(at string, level Level, what string, pairs []any) []byte {
	fields := map[string]any{"message": what}
	for i := 0; i+1 < len(pairs); i += 2 {
		switch v := pairs[i+1].(type) {
		case bool, int, int64, float64:
			fields[fmt.Sprint(pairs[i])] = v
		default:
			fields[fmt.Sprint(pairs[i])] = fmt.Sprint(v)
		}
	}
	b, err := json.Marshal(struct {
		Timestamp string         `json:"timestamp"`
		Level     string         `json:"level"`
		Fields    map[string]any `json:"fields"`
		Target    string         `json:"target"`
	}{at, level.String(), fields, l.target})
	if err != nil {
		return nil // a number that JSON has no word for
	}
	return append(b, '\n')
}
