//go:build linux

package mcphostile

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"

	"codex/tests/mcpauth"
	"codex/tests/programs"
)

// patience is how long a call may take that should end by its own times, on a busy machine.
const patience = 3 * time.Minute

// maxMemory bounds what a call of one tool may cost: some copies of the largest message.
const maxMemory = 500 << 20

// said is what a run of codex-mcp has said, and how it ended.
type said struct {
	status      int
	out, stderr string
	memory      int64
}

// ask runs codex-mcp with a server in its settings.
func ask(t *testing.T, settings string, args ...string) said {
	t.Helper()
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte("[mcp_servers.s]\n"+settings), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(binaries, "codex-mcp"), args...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &stderr, patience
	cmd.Env = []string{programs.NoKeyring, "PATH=" + os.Getenv("PATH"), "HOME=" + home, "CODEX_HOME=" + home, "TOKEN=PLANTED-TOKEN"}
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("%v %v: %.2000s", err, ctx.Err(), stderr.String())
	}
	s := said{cmd.ProcessState.ExitCode(), out.String(), stderr.String(), 0}
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.memory = u.Maxrss << 10
	}
	return s
}

// check holds what is true of every run: it has a status, few words, none of which does
// anything to a terminal, and none of which is a secret.
func (s said) check(t *testing.T) {
	t.Helper()
	if s.status != 0 && s.status != 1 {
		t.Errorf("status %d", s.status)
	}
	if s.memory > maxMemory {
		t.Errorf("%d MiB of memory", s.memory>>20)
	}
	if len(s.stderr) > 200*5<<10 {
		t.Errorf("%d bytes of words: %.300q", len(s.stderr), s.stderr)
	}
	if s.status != 0 && strings.TrimSpace(s.stderr) == "" {
		t.Error("nothing is said")
	}
	for _, r := range s.stderr {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			t.Errorf("%q in %.300q", r, s.stderr)
			break
		}
	}
	if strings.Contains(s.out+s.stderr, "PLANTED") {
		t.Errorf("a secret in %.300q", s.out+s.stderr)
	}
}

// TestPrograms has each trick done at each point of a call.
func TestPrograms(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, trick := range tricks {
		for _, at := range methods {
			t.Run(name+" at "+strings.ReplaceAll(at, "/", " "), func(t *testing.T) {
				t.Parallel()
				mark := rand.Text()
				limit := 3
				if trick.harmless {
					limit = 150 // a flood has its time on a busy machine
				}
				settings := fmt.Sprintf("startup_timeout_sec = %[1]d\ntool_timeout_sec = %[1]d\n", limit) + fmt.Sprintf("command = %q\n[mcp_servers.s.env]\n%s = %q\nMARK = %q\n", self, trickVariable, name+" "+at, mark)
				args := []string{"call", "s", "t", "{}"}
				if at == "tools/list" {
					args = []string{"tools", "s"}
				}
				s := ask(t, settings, args...)
				s.check(t)
				if trick.harmless && s.status != 0 {
					t.Errorf("it did not get through: %.500s", s.stderr)
				}
				if at == "tools/call" && trick.harmless && s.out != "fine\n" {
					t.Errorf("result %.300q", s.out)
				}
				nobody(t, mark)
			})
		}
	}
}

// TestAnswers holds that an answer in another form is read where it can be, and else fails its
// call at once: its time is longer than the test's.
func TestAnswers(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"id-as-text": "fine\n", "code-page": "caf\uFFFD\n", "not-a-number": "is no message of JSON-RPC", "error-text": "is no message of JSON-RPC",
		"result-null": "Unexpected response type", "result-text": "Unexpected response type",
	} {
		s := ask(t, fmt.Sprintf("tool_timeout_sec = 1000\ncommand = %q\n[mcp_servers.s.env]\n%s = %q\n", self, trickVariable, name+" tools/call"), "call", "s", "t", "{}")
		s.check(t)
		if got := s.out; s.status == 0 && got != want || s.status == 1 && !strings.Contains(s.stderr, want) {
			t.Errorf("%s: status %d, %.300q, %.300q, want %q", name, s.status, got, s.stderr, want)
		}
	}
}

// TestInterrupted holds that a call that is interrupted dies of the signal, and leaves nobody
// behind.
func TestInterrupted(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		home, mark := t.TempDir(), rand.Text()
		settings := fmt.Sprintf("[mcp_servers.s]\ncommand = %q\n[mcp_servers.s.env]\n%s = \"says-so tools/call\"\nMARK = %q\n", self, trickVariable, mark)
		if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(settings), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(filepath.Join(binaries, "codex-mcp"), "call", "s", "t")
		cmd.Env = []string{programs.NoKeyring, "PATH=" + os.Getenv("PATH"), "HOME=" + home, "CODEX_HOME=" + home}
		stderr, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		words := bufio.NewReader(stderr)
		if line, err := words.ReadString('\n'); err != nil || !strings.Contains(line, "called") {
			t.Errorf("%q %v", line, err)
		}
		_ = cmd.Process.Signal(sig)
		_, _ = io.Copy(io.Discard, words)
		_ = cmd.Wait()
		if w := cmd.ProcessState.Sys().(syscall.WaitStatus); !w.Signaled() || w.Signal() != sig {
			t.Errorf("%v: %v", sig, cmd.ProcessState)
		}
		nobody(t, mark)
	}
}

// TestLoginInterrupted holds that a login that is interrupted dies of the signal, and keeps
// nothing.
func TestLoginInterrupted(t *testing.T) {
	url := mcpauth.Start(t)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		for _, args := range [][]string{{"login", "s", "--no-browser"}, {"login", "s", "--json"}, {"add", "other", "--url", url + "/mcp"}} {
			home := t.TempDir()
			settings := fmt.Sprintf("mcp_oauth_credentials_store = \"file\"\n[mcp_servers.s]\nurl = %q\n", url+"/mcp")
			if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(settings), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(filepath.Join(binaries, "codex-mcp"), args...)
			cmd.Env = []string{programs.NoKeyring, "PATH=/nowhere", "HOME=" + home, "CODEX_HOME=" + home}
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReader(stdout)
			for {
				line, err := lines.ReadString('\n')
				if err != nil {
					t.Fatalf("%q shows no address: %v", args, err)
				}
				if strings.Contains(line, "redirect_uri=") {
					break
				}
			}
			_ = cmd.Process.Signal(sig)
			_, _ = io.Copy(io.Discard, lines)
			_ = cmd.Wait()
			in.Close()
			if w := cmd.ProcessState.Sys().(syscall.WaitStatus); !w.Signaled() || w.Signal() != sig {
				t.Errorf("%q, %v: %v", args, sig, cmd.ProcessState)
			}
			if files, err := filepath.Glob(filepath.Join(home, ".credentials.json*")); err != nil || len(files) != 0 {
				t.Error(files, err)
			}
		}
	}
}

// nobody holds that no process is left with this mark in its environment.
func nobody(t *testing.T, mark string) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		left := ""
		files, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, f := range files {
			if b, err := os.ReadFile(f); err == nil && bytes.Contains(b, []byte("MARK="+mark)) {
				left = filepath.Dir(f)
			}
		}
		if left == "" {
			return
		}
		if time.Now().After(end) {
			t.Errorf("%s is still running", left)
			return
		}
	}
}
