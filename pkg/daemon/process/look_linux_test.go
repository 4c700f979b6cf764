package process

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestParseStat(t *testing.T) {
	for _, tc := range []struct {
		line   string
		want   stat
		zombie bool
		ok     bool
	}{
		{"12 (cat) S 1 12 12 0 -1 4194560 95 0 0 0 0 0 0 0 20 0 1 0 112792 5992448 224", stat{'S', 1, 112792}, false, true},
		{"12 (a) Z 9 (b) ) T 1 12 12 0 -1 4194560 95 0 0 0 0 0 0 0 20 0 1 0 7 5992448 224\n", stat{'T', 1, 7}, false, true},
		{"12 (cat) Z 1 12 12 0 -1 4194560 95 0 0 0 0 0 0 0 20 0 1 0 7 5992448 224", stat{'Z', 1, 7}, true, true},
		{"12 (cat) Z 1 12 12 0 -1 4194560 95 0 0 0 0 0 0 0 20 0 2 0 7 5992448 224", stat{'Z', 2, 7}, false, true},
		{"12 (cat) S 1 12", stat{}, false, false},
		{"12 (cat) S 1 12 12 0 -1 4194560 95 0 0 0 0 0 0 0 20 0 1 0 x 5992448 224", stat{}, false, false},
		{"", stat{}, false, false},
	} {
		s, err := parseStat([]byte(tc.line))
		if (err == nil) != tc.ok || tc.ok && (s != tc.want || s.zombie() != tc.zombie) {
			t.Errorf("%q: %+v %v", tc.line, s, err)
		}
	}
	if n, err := parseBootTime([]byte("cpu 1 2\nbtime 1763800000\nprocesses 9\n")); n != 1763800000 || err != nil {
		t.Errorf("boot time %d %v", n, err)
	}
	if _, err := parseBootTime(nil); err == nil {
		t.Error("a boot time from nothing")
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("12 (cat) S 1 12 12 0 -1 4194560 95 0 0 0 0 0 0 0 20 0 1 0 112792 5992448 224"))
	f.Fuzz(func(t *testing.T, line []byte) {
		if s, err := parseStat(line); err == nil && s.state == 0 {
			t.Error("a process without a state")
		}
	})
}

const execArg = "-test-exec"

// TestMain lets the test's own binary be a process that becomes itself again and again.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == execArg {
		n, _ := strconv.Atoi(os.Args[2])
		if n == 0 {
			os.Exit(0)
		}
		threads := make(chan error)
		go func() { // on a thread that is not the first
			runtime.LockOSThread()
			threads <- syscall.Exec("/proc/self/exe", []string{os.Args[0], execArg, strconv.Itoa(n - 1)}, os.Environ())
		}()
		fmt.Fprintln(os.Stderr, <-threads)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestBecoming holds that a process is alive, and has a command line, while it becomes
// another program.
func TestBecoming(t *testing.T) {
	cmd := exec.Command("/proc/self/exe", execArg, "100")
	out, err := cmd.StdoutPipe() // open as long as the process
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _, _ = io.Copy(io.Discard, out); close(ended) }()
	first, _, err := Look(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	for {
		info, ok, err := Look(cmd.Process.Pid)
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		if info.Dead {
			break
		}
		if line := Args(cmd.Process.Pid); !strings.Contains(line, execArg) {
			if info, ok, err := Look(cmd.Process.Pid); !ok || err != nil || !info.Dead {
				t.Fatalf("command line %q of a process that lives", line)
			}
		}
		if *info.Identity != *first.Identity {
			t.Fatalf("%+v, at first %+v", info.Identity, first.Identity)
		}
	}
	select {
	case <-ended:
	default:
		if info, ok, _ := Look(cmd.Process.Pid); ok && !info.Dead {
			t.Errorf("it was called dead, and lives")
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
