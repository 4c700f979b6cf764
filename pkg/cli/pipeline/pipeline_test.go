package pipeline

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// The test binary is every program of the pipelines.
func TestMain(m *testing.M) {
	switch os.Getenv("STAGE_ROLE") {
	case "":
		os.Exit(m.Run())
	case "parent": // starts an engine, tells its process id, and waits to be killed
		exe, _ := os.Executable()
		os.Setenv("STAGE_ROLE", "child")
		p, err := Start(Spec{Engine: Command{Name: "engine", Path: exe, Args: []string{"pid", "stuck"}}})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		l, _ := bufio.NewReader(p.Out).ReadString('\n')
		fmt.Print(l)
		forever()
	}
	os.Exit(program(os.Args[1:]))
}

func program(orders []string) int {
	in := bufio.NewReader(os.Stdin)
	for _, o := range orders {
		word, arg, _ := strings.Cut(o, "=")
		switch word {
		case "say":
			fmt.Println(arg)
		case "pid":
			fmt.Println(os.Getpid())
		case "cat": // with a prefix
			for {
				l, err := in.ReadString('\n')
				if err != nil {
					break
				}
				fmt.Print(arg + l)
			}
		case "given":
			b, err := io.ReadAll(os.NewFile(GivenFD, "given"))
			fmt.Println(len(b), err)
		case "flood": // more than a pipe holds
			fmt.Print(strings.Repeat("x", 1<<20))
		case "stuck":
			forever()
		case "exit":
			n := 0
			fmt.Sscan(arg, &n)
			return n
		}
	}
	return 0
}

// forever waits in a way that the runtime does not take for a deadlock.
func forever() {
	r, w, err := os.Pipe()
	if err == nil {
		_, _ = r.Read(make([]byte, 1))
		w.Close()
	}
}

func begin(t *testing.T, programs ...[]string) *Pipeline {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := Spec{Env: append(os.Environ(), "STAGE_ROLE=child")}
	for i, args := range programs {
		c := Command{Name: fmt.Sprint("program ", i), Path: exe, Args: args}
		if i == 0 {
			s.Engine = c
		} else {
			s.Filters = append(s.Filters, c)
		}
	}
	p, err := Start(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Kill(); p.Wait(0) })
	return p
}

func TestLinesPassFilters(t *testing.T) {
	p := begin(t, []string{"cat=1"}, []string{"cat=2"}, []string{"cat=3"})
	io.WriteString(p.In, "a\nb\n")
	p.In.Close()
	out, err := io.ReadAll(p.Out)
	if string(out) != "321a\n321b\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	for _, e := range p.Wait(0) {
		if !e.OK() {
			t.Error(e)
		}
	}
}

// TestGiven: a program gets all that it is given, more than a pipe holds too, and one that
// does not read it keeps nobody waiting.
func TestGiven(t *testing.T) {
	if !CanGive {
		t.Skip("only standard streams here")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for order, want := range map[string]string{"given": "1048576 <nil>\n", "say=nothing": "nothing\n"} {
		p, err := Start(Spec{Engine: Command{Name: "engine", Path: exe, Args: []string{order}, Given: make([]byte, 1<<20)}, Env: append(os.Environ(), "STAGE_ROLE=child")})
		if err != nil {
			t.Fatal(err)
		}
		p.In.Close()
		out, err := io.ReadAll(p.Out)
		if e := p.Wait(0); string(out) != want || err != nil || !e[0].OK() {
			t.Errorf("%s: %q, %v, %v", order, out, err, e)
		}
	}
}

func TestBlame(t *testing.T) {
	for _, tc := range []struct {
		programs [][]string
		want     string
	}{
		{[][]string{{"exit=3"}}, "program 0 ended with status 3"},
		{[][]string{{"exit=3"}, {"cat"}}, "program 0 ended with status 3"},
		{[][]string{{"cat"}, {"exit=4"}}, "program 1 ended with status 4"},
		{[][]string{{"cat"}, {"cat"}}, "program 0 ended with status 0"},
	} {
		p := begin(t, tc.programs...)
		if got := Blame(p.Wait(0)); got != tc.want {
			t.Errorf("%q: %s", tc.programs, got)
		}
	}
	if got := Blame(nil); got == "" {
		t.Error("no words for nothing")
	}
}

// TestWaitDrains: a child that has much left to say does not block on it.
func TestWaitDrains(t *testing.T) {
	p := begin(t, []string{"flood", "exit=0"})
	if e := p.Wait(0); !e[0].OK() {
		t.Error(e)
	}
	if e := p.Wait(0); len(e) != 1 || !e[0].OK() {
		t.Error("a second time:", e)
	}
}

func TestGrace(t *testing.T) {
	p := begin(t, []string{"say=ready", "stuck"}, []string{"cat"})
	if l, err := bufio.NewReader(p.Out).ReadString('\n'); l != "ready\n" {
		t.Fatal(l, err)
	}
	exits := p.Wait(time.Nanosecond)
	if exits[0].OK() || runtime.GOOS != "windows" && !strings.Contains(exits[0].String(), "killed by signal") {
		t.Error(exits)
	}
}

func TestStartErrors(t *testing.T) {
	exe, _ := os.Executable()
	env := append(os.Environ(), "STAGE_ROLE=child")
	for _, s := range []Spec{
		{Engine: Command{Name: "gone", Path: "/proc/absent/x"}},
		{Engine: Command{Name: "engine", Path: exe, Args: []string{"stuck"}}, Filters: []Command{{Name: "gone", Path: "/proc/absent/x"}}, Env: env},
	} {
		_, err := Start(s)
		var e *StartError
		if !errors.As(err, &e) || e.Name != "gone" || !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	}
}

// TestParentDies: whatever kills the parent, the engine does not live on.
func TestParentDies(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells a child")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	proc, err := os.StartProcess(exe, []string{exe}, &os.ProcAttr{
		Env: append(os.Environ(), "STAGE_ROLE=parent"), Files: []*os.File{nil, w, os.Stderr}})
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	l, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(l, err)
	}
	var pid int
	fmt.Sscan(l, &pid)
	if err := proc.Kill(); err != nil {
		t.Fatal(err)
	}
	proc.Wait()
	waitGone(t, pid)
}

func TestWatchReader(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	closed, stop := WatchReader(w)
	if closed == nil {
		t.Skip("cannot watch here")
	}
	r.Close()
	<-closed
	stop()
	r, w, err = os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	closed, stop = WatchReader(w)
	stop()
	select {
	case <-closed:
		t.Error("closed while somebody reads")
	default:
	}
	r.Close()
	w.Close()
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if closed, stop := WatchReader(f); closed != nil {
		t.Error("watches a file")
	} else {
		stop()
	}
}
