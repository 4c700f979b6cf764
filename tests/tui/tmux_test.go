//go:build linux

package tui

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/creack/pty"

	"codex/tests/programs"
)

// pane is a codex in tmux, which is a terminal that others have written.
type pane struct {
	t          *testing.T
	dir        string // always as long, so that what is drawn of it is
	home, work string
	changed    chan struct{} // something was written in the pane
	frames     atomic.Int64  // that were
}

const tmuxConf = `set -g status off
set -g history-limit 10000
set -g escape-time 0
set -g default-terminal tmux-256color
`

// startPane starts codex, or what else o has, in a pane of a size. furnishing comes before
// that. It ends with the test, which is skipped without tmux.
func startPane(t *testing.T, o options, furnishing func(p *pane)) *pane {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not installed")
	}
	p := &pane{t: t, dir: sameLength(t), changed: make(chan struct{}, 1)}
	p.home, p.work = filepath.Join(p.dir, "home"), filepath.Join(p.dir, "work")
	furnish(t, p.home, p.work, o)
	if furnishing != nil {
		furnishing(p)
	}
	write(t, filepath.Join(p.dir, "tmux.conf"), tmuxConf)
	argv := o.command
	if argv == nil {
		argv = append([]string{filepath.Join(bin, "codex")}, o.args...)
	}
	env := append([]string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + p.home, "CODEX_HOME=" + p.home, "TERM=tmux-256color", "LANG=C.UTF-8", "TMPDIR=" + p.dir}, append(programs.Environ(), o.env...)...)
	p.tmux(append(append([]string{"-u", "-f", filepath.Join(p.dir, "tmux.conf"), "new-session", "-d", "-s", "main", "-c", p.work,
		"-x", fmt.Sprint(o.cols), "-y", fmt.Sprint(o.rows), "env", "-i"}, env...), argv...)...)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the screen:\n%s", strings.Join(p.screen(), "\n"))
		}
		_ = p.command("kill-server").Run() // it may have ended
	})
	p.resize(o.cols, o.rows) // from now on it has this size whoever looks at it
	p.watch()
	return p
}

// sameLength makes a folder whose path is as long as that of any other, and which may hold
// a socket.
func sameLength(t *testing.T) string {
	t.Helper()
	var id [6]byte
	_, _ = rand.Read(id[:]) // it never fails
	dir := "/tmp/codex-" + hex.EncodeToString(id[:])
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (p *pane) command(args ...string) *exec.Cmd {
	c := exec.Command("tmux", append([]string{"-S", filepath.Join(p.dir, "s")}, args...)...)
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "TERM=xterm"}
	c.Dir = p.dir
	return c
}

func (p *pane) tmux(args ...string) string {
	p.t.Helper()
	out, err := p.command(args...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("tmux %s: %v: %s", args, err, out)
	}
	return string(out)
}

// watch hears of what is written in the pane.
func (p *pane) watch() {
	p.t.Helper()
	c := p.command("-C", "attach-session", "-t", "main")
	in, err := c.StdinPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		p.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r := bufio.NewReader(out)
		var end string // of what was written, without what tmux puts before it
		for {
			line, err := r.ReadString('\n')
			if _, text, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "%output %0 "); ok {
				end += text
				p.frames.Add(int64(strings.Count(end, frameEnd)))
				end = end[max(strings.LastIndex(end, frameEnd)+1, len(end)-len(frameEnd)+1, 0):]
			}
			select {
			case p.changed <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	p.t.Cleanup(func() {
		_ = c.Process.Kill() // before the server ends
		in.Close()
		<-ended
		_ = c.Wait()
	})
}

// frameEnd is behind each frame, as tmux tells it.
const frameEnd = "\\033[?2026l"

// until waits until the screen is as wanted.
func (p *pane) until(what string, ok func(screen []string) bool) {
	p.t.Helper()
	late := time.After(patience)
	for {
		if ok(p.screen()) {
			return
		}
		select {
		case <-p.changed:
		case <-late:
			p.t.Fatalf("this did not come: %s", what)
		}
	}
}

// see waits for texts on the screen.
func (p *pane) see(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		p.until(fmt.Sprintf("%q is seen", text), func(screen []string) bool { return count(screen, text) > 0 })
	}
}

func (p *pane) screen() []string { return p.capture() }

// all is the screen with what has scrolled away.
func (p *pane) all() []string { return p.capture("-S", "-") }

func (p *pane) capture(args ...string) []string {
	out, err := p.command(append([]string{"capture-pane", "-p", "-t", "main"}, args...)...).Output()
	if err != nil {
		return []string{"tmux: " + err.Error()}
	}
	lines := strings.Split(string(out), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// send types text; <NAME> in it is a key by the name that tmux has for it.
func (p *pane) send(text string) {
	p.t.Helper()
	for text != "" {
		plain, rest, key := strings.Cut(text, "<")
		if plain != "" {
			p.tmux("send-keys", "-t", "main", "-l", "--", plain)
		}
		text = ""
		if key {
			name, more, ok := strings.Cut(rest, ">")
			if !ok {
				p.t.Fatalf("%q has no end", rest)
			}
			p.tmux("send-keys", "-t", "main", name)
			text = more
		}
	}
}

// paste pastes text as a terminal does.
func (p *pane) paste(text string) {
	p.t.Helper()
	p.tmux("set-buffer", "--", text)
	p.tmux("paste-buffer", "-p", "-t", "main")
}

func (p *pane) resize(cols, rows int) {
	p.t.Helper()
	p.tmux("resize-window", "-t", "main", "-x", fmt.Sprint(cols), "-y", fmt.Sprint(rows))
}

// redrawn resizes the pane and waits until tmux has told the program, which it does late
// when it has done so not long ago, and that has drawn anew.
func (p *pane) redrawn(cols, rows int) {
	p.t.Helper()
	tty, err := os.Open(strings.TrimSpace(p.tmux("display-message", "-p", "-t", "main", "#{pane_tty}")))
	if err != nil {
		p.t.Fatal(err)
	}
	defer tty.Close()
	before := p.frames.Load()
	p.resize(cols, rows)
	p.until(fmt.Sprintf("a frame of %d by %d", cols, rows), func([]string) bool {
		size, err := pty.GetsizeFull(tty)
		return err == nil && int(size.Cols) == cols && int(size.Rows) == rows && p.frames.Load() > before
	})
}

// normal is a screen without what is another each time.
func (p *pane) normal(screen []string) []string {
	out := slices.Clone(screen)
	for i, l := range out {
		l = strings.ReplaceAll(l, p.dir, "/tmp/codex-000000000000")
		for _, c := range changing() {
			l = regexp.MustCompile(c[0]).ReplaceAllString(l, c[1])
		}
		out[i] = strings.TrimRight(l, " ")
	}
	return out
}

// changing is what depends on the time, the machine or chance, and what stands for it.
func changing() [][2]string {
	return [][2]string{
		{`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`, "00000000-0000-7000-8000-000000000000"},
		{`127\.0\.0\.1:\d{5}`, "127.0.0.1:00000"},
		{`\(\d+s •`, "(0s •"},
		{`\d+[smh] ago +`, "0s ago "},
		{`([✓✗].*) • [0-9.]+m?s$`, "$1 • 0s"},
		{`How does this program begin\?|What changed this week\?|Make the tests pass|What is wrong in @FILE\?|Test @FILE|Is the comment in @FILE true\?|Try /review before a commit|\$NAME calls a skill`, "SUGGESTION"},
	}
}
