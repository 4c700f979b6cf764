//go:build unix

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// The test binary is the program, and the engine that it starts.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 1 && os.Args[1] == "engine":
		engine()
	case os.Getenv("CODEX_EXEC_MAIN") != "":
		main()
	default:
		os.Exit(m.Run())
	}
}

// engine begins a turn, sends its process id as a message, and waits to be interrupted; or
// it completes the turn with the message in SAY.
func engine() {
	in := bufio.NewReader(os.Stdin)
	for {
		l, err := in.ReadString('\n')
		switch {
		case err != nil:
			return
		case strings.Contains(l, `"thread/start"`):
			fmt.Println(`{"id":2,"result":{"thread":{"id":"T"}}}`)
		case strings.Contains(l, `"turn/start"`) && os.Getenv("SAY") != "":
			fmt.Println(`{"id":3,"result":{"turn":{"id":"U"}}}`)
			fmt.Printf(`{"method":"item/completed","params":{"threadId":"T","item":{"type":"agentMessage","id":"a","text":"%s"}}}`+"\n", os.Getenv("SAY"))
			fmt.Println(`{"method":"turn/completed","params":{"threadId":"T","turn":{"id":"U","status":"completed"}}}`)
		case strings.Contains(l, `"turn/start"`):
			fmt.Println(`{"id":3,"result":{"turn":{"id":"U"}}}`)
			fmt.Printf(`{"method":"item/completed","params":{"threadId":"T","item":{"type":"agentMessage","id":"a","text":"pid %d"}}}`+"\n", os.Getpid())
		case strings.Contains(l, `"turn/interrupt"`) && os.Getenv("DEAF") != "":
			fmt.Println(`{"method":"error","params":{"threadId":"T","error":{"message":"heard, and not done"},"willRetry":true}}`)
		case strings.Contains(l, `"turn/interrupt"`):
			fmt.Println(`{"method":"turn/completed","params":{"threadId":"T","turn":{"id":"U","status":"interrupted"}}}`)
		}
	}
}

// output is what the program writes.
type output struct {
	*bufio.Reader
	io.Closer
}

// begin starts the program and waits until its turn runs. It gives the process, its
// output and the id of the engine.
func begin(t *testing.T, env ...string) (*os.Process, output, int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	args := []string{exe, "--json", "--skip-git-repo-check", "--turn", "'" + exe + "' engine", "hi"}
	proc, err := os.StartProcess(exe, args, &os.ProcAttr{Dir: t.TempDir(), Files: []*os.File{null, w, nil},
		Env: append(append(os.Environ(), "CODEX_EXEC_MAIN=1", "CODEX_HOME="+t.TempDir()), env...)})
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	for in := (output{bufio.NewReader(r), r}); ; {
		l, err := in.ReadString('\n')
		if err != nil {
			t.Fatalf("the turn did not begin: %v", err)
		}
		if _, rest, ok := strings.Cut(l, `"text":"pid `); ok {
			pid, _ := strconv.Atoi(strings.TrimRight(rest, "\"}\n"))
			return proc, in, pid
		}
	}
}

func TestSignals(t *testing.T) {
	for _, tc := range []struct {
		name string
		env  string
		send syscall.Signal
		sig  syscall.Signal // that it dies of
	}{
		{"interrupt", "", syscall.SIGINT, syscall.SIGINT},
		{"two interrupts", "DEAF=1", syscall.SIGINT, syscall.SIGINT},
		{"terminate", "", syscall.SIGTERM, syscall.SIGTERM},
		{"hang up", "", syscall.SIGHUP, syscall.SIGHUP},
		{"kill", "", syscall.SIGKILL, syscall.SIGKILL},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.sig == syscall.SIGKILL && runtime.GOOS != "linux" {
				t.Skip("only Linux tells a child")
			}
			proc, out, pid := begin(t, tc.env)
			if err := proc.Signal(tc.send); err != nil {
				t.Fatal(err)
			}
			if tc.env != "" {
				if l, err := out.ReadString('\n'); err != nil || !strings.Contains(l, "heard") {
					t.Fatal(l, err)
				}
				if err := proc.Signal(tc.send); err != nil {
					t.Fatal(err)
				}
			}
			go io.Copy(io.Discard, out)
			state, err := proc.Wait()
			if err != nil {
				t.Fatal(err)
			}
			ws := state.Sys().(syscall.WaitStatus)
			if !ws.Signaled() || ws.Signal() != tc.sig {
				t.Errorf("ended with %v", state)
			}
			gone(pid)
		})
	}
}

// TestReaderGone: the turn ends, and nothing is left of it.
func TestReaderGone(t *testing.T) {
	proc, out, pid := begin(t)
	out.Close()
	state, err := proc.Wait()
	if err != nil || state.ExitCode() != 141 {
		t.Errorf("ended with %v, %v", state, err)
	}
	gone(pid)
}

// gone waits until there is no such process, or only one that nobody has waited for.
func gone(pid int) {
	for syscall.Kill(pid, 0) == nil {
		stat, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		if _, rest, _ := strings.Cut(string(stat), ") "); strings.HasPrefix(rest, "Z") {
			return
		}
		runtime.Gosched()
	}
}
