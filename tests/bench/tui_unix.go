//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"github.com/creack/pty"
)

// What a terminal is asked, and what it answers.
var answers = [...]struct{ ask, answer string }{
	{"\x1b[6n", "\x1b[3;1R"},
	{"\x1b]10;?", "\x1b]10;rgb:d0d0/d0d0/d0d0\x07"},
	{"\x1b]11;?", "\x1b]11;rgb:1010/1010/1010\x07"},
	{"\x1b[?u", "\x1b[?0u"},
	{"\x1b[c", "\x1b[?62;c"},
}

// How long: the composer to appear, the terminal to be quiet before it is typed on, and
// before an answer counts as over that never ends.
const (
	startLimit = 20 * time.Second
	quiet      = 300 * time.Millisecond
	settle     = 2 * time.Second
	stall      = 15 * time.Second
)

// composer is what stands before the text that is typed.
const composer = "›"

// terminal is a program on a pseudo-terminal of 120 by 40.
type terminal struct {
	file   *os.File
	cmd    *exec.Cmd
	output chan []byte
}

func openTerminal(ctx context.Context, p program, home, tree string, args ...string) (*terminal, error) {
	cmd := exec.CommandContext(ctx, p.path, args...)
	cmd.Dir = tree
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "CODEX_HOME=" + home, "TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8"}
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: 120, Rows: 40})
	if err != nil {
		return nil, err
	}
	t := &terminal{file: file, cmd: cmd, output: make(chan []byte, 64)}
	go t.read()
	return t, nil
}

// read brings output until the other end is closed, and answers what is asked.
func (t *terminal) read() {
	defer close(t.output)
	buf := make([]byte, 64<<10)
	for {
		n, err := t.file.Read(buf)
		for _, a := range answers {
			for range bytes.Count(buf[:n], []byte(a.ask)) {
				_, _ = io.WriteString(t.file, a.answer) // a program that is gone is seen by reading
			}
		}
		if n > 0 {
			t.output <- bytes.Clone(buf[:n])
		}
		if err != nil {
			return
		}
	}
}

// until reads until what is in the output, or until nothing comes for patience. It gives
// what came, and whether what is in it.
func (t *terminal) until(what string, patience time.Duration) (got []byte, ok bool) {
	for {
		select {
		case b, open := <-t.output:
			if !open {
				return got, false
			}
			from := max(0, len(got)-len(what))
			got = append(got, b...)
			if what != "" && bytes.Contains(got[from:], []byte(what)) {
				return got, true
			}
		case <-time.After(patience):
			return got, what == ""
		}
	}
}

func (t *terminal) typed(s string) error {
	_, err := io.WriteString(t.file, s)
	return err
}

// leave ends the program as a person does, with Ctrl-C in an empty composer.
func (t *terminal) leave() error {
	for range 3 { // one clears, one interrupts
		if t.typed("\x03") != nil {
			break
		}
		if _, quieted := t.until("", quiet); !quieted {
			break
		}
	}
	t.cmd.Process.Signal(syscall.SIGTERM)
	go func() {
		for range t.output { // what is left is thrown away
		}
	}()
	err := t.cmd.Wait()
	t.file.Close()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil // by the signal, when it did not leave by itself
	}
	return err
}

// terminalWork runs one work in a terminal: tuistart is from the start to the composer,
// tuikey the time from a key to its echo, tuiflood an answer that comes as fast as it can,
// tuiresume from the start to the last message of a long session.
func (b *bench) terminalWork(ctx context.Context, work string, p program, home, tree string, args ...string) (f figures, err error) {
	start := time.Now()
	t, err := openTerminal(ctx, p, home, tree, args...)
	if err != nil {
		return f, err
	}
	defer func() {
		peak := peakMB(t.cmd.Process.Pid)
		if e := t.leave(); err == nil {
			err = e
		}
		used := t.cmd.ProcessState.UserTime() + t.cmd.ProcessState.SystemTime()
		f.cpu, f.rss = ms(used), peak
		if peak == 0 {
			f.rss = maxRSS(t.cmd.ProcessState)
		}
	}()
	first := composer
	if work == "tuiresume" {
		first = endMark
	}
	if got, ok := t.until(first, startLimit); !ok {
		return f, fmt.Errorf("%q does not come: %.200q", first, got)
	}
	f.wall = ms(time.Since(start))
	if work == "tuistart" || work == "tuiresume" {
		return f, nil
	}
	t.until("", quiet)
	if work == "tuikey" {
		f.wall, err = t.echo()
		return f, err
	}
	f.wall, err = t.flood(p, b.lines)
	return f, err
}

// peakMB is the peak memory of a process and those below it, added up, where the system
// tells it while they run; else 0. What the kernel says at their end counts this program.
func peakMB(pid int) (sum float64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	if m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status); m != nil {
		kb, _ := strconv.Atoi(string(m[1])) // digits
		sum = float64(kb) / 1024
	}
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)) // it may have ended
	for _, c := range bytes.Fields(children) {
		if n, err := strconv.Atoi(string(c)); err == nil {
			sum += peakMB(n)
		}
	}
	return sum
}

// echo is the median time from a key to the first byte that comes back.
func (t *terminal) echo() (float64, error) {
	var took []float64
	for _, c := range "abcdefghijklmnopqrst" {
		start := time.Now()
		if err := t.typed(string(c)); err != nil {
			return 0, err
		}
		select {
		case <-t.output:
			took = append(took, ms(time.Since(start)))
		case <-time.After(time.Second):
			return 0, errors.New("a key has no echo")
		}
		t.until("", 50*time.Millisecond)
	}
	return middle(took), nil
}

// endMark is the last line of the flood at the terminal.
const endMark = "THE-END-MARK"

// control is what is no text in the output.
var control = regexp.MustCompile(`\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1b[@-Z\\-_=>78]`)

// flood asks, and waits for the end of the answer. When the end never comes, or lines of
// it are missing, that is said.
func (t *terminal) flood(p program, lines int) (float64, error) {
	if err := t.typed("go"); err != nil {
		return 0, err
	}
	t.until("", quiet)
	start := time.Now()
	if err := t.typed("\r"); err != nil {
		return 0, err
	}
	got, ended := t.until(endMark, stall)
	took := time.Since(start)
	if !ended {
		took -= stall
	}
	more, _ := t.until("", settle) // the whole item follows its pieces
	text := control.ReplaceAll(append(got, more...), nil)
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`line (\d{6}) of`).FindAllSubmatch(text, -1) {
		seen[string(m[1])] = true
	}
	if !ended || len(seen) < lines {
		fmt.Printf("%-10s %-8s shows %d of %d lines, the end: %t\n", "tuiflood", p.name, len(seen), lines, ended)
	}
	return ms(took), nil
}
