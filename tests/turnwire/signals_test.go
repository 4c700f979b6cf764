//go:build linux

package turnwire

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const running = "echo running; sleep 1000"

// started waits for the output of the command of a turn.
func (e *engine) started() {
	e.t.Helper()
	e.next("method", "item/commandExecution/outputDelta", "params.delta", "running\n")
}

// One SIGINT interrupts the turn; the engine goes on, and ends well after another turn.
func TestInterruptOnce(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: execScript(running), args: free()})
	e.send("go")
	e.started()
	e.signal(os.Interrupt)
	e.turnDone("interrupted")
	e.endsAborted(t)
	output := ""
	for _, l := range e.rollout(t) {
		if l.Get("payload.type").Str == "function_call_output" {
			output = l.Get("payload.output").Str
		}
	}
	if !strings.HasPrefix(output, "aborted by user after ") {
		t.Errorf("the model is told %q", output)
	}
	e.send("again")
	e.turnDone("completed")
	e.quit()
}

// At the end of input the status of an interrupted turn is that of SIGINT.
func TestInterruptLast(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: execScript(running), args: free()})
	e.send("go")
	e.started()
	e.eof()
	e.signal(os.Interrupt)
	e.exit(130)
	e.turnDone("interrupted")
	e.endsAborted(t)
}

// Two leave, also when prompts wait that were given before the first.
func TestInterruptTwice(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: `{"call":"exec_command","args":{"cmd":"` + running + `","yield_time_ms":30000}}`, args: free()})
	e.send("one")
	e.send("two")
	e.send("three")
	e.started()
	e.call("thread/loaded/list", "{}") // all is read
	e.signal(os.Interrupt)
	e.turnDone("interrupted")
	e.started()
	e.signal(os.Interrupt)
	e.exit(130)
	e.turnDone("interrupted")
	e.endsAborted(t)
	equal(t, "prompts", e.prompts(), []string{"one", "two"})
}

// A prompt after an interrupt may be interrupted as well.
func TestInterruptAgain(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: `{"call":"exec_command","args":{"cmd":"` + running + `","yield_time_ms":30000}}`, args: free()})
	for range 3 {
		e.send("go")
		e.started()
		e.signal(os.Interrupt)
		e.turnDone("interrupted")
	}
	e.eof()
	e.exit(130)
}

// SIGINT between turns leaves.
func TestInterruptIdle(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello})
	e.call("thread/loaded/list", "{}")
	e.signal(os.Interrupt)
	e.exit(130)
	e = start(t, setup{script: hello})
	e.send("go")
	e.turnDone("completed")
	e.signal(os.Interrupt)
	e.exit(130)
}

// SIGINT while the model says nothing.
func TestInterruptModel(t *testing.T) {
	t.Parallel()
	for _, serve := range []bool{false, true} {
		e := start(t, setup{script: `{"items":[{"msg":"partial"}],"cut":2,"hang":true}`, serve: serve})
		e.send("go")
		e.next("method", "item/started", "params.item.type", "agentMessage")
		e.signal(os.Interrupt)
		e.turnDone("interrupted")
		e.eof()
		e.exit(130)
		e.endsAborted(t)
	}
}

// SIGTERM and SIGHUP interrupt the turn, write the session file and leave; commands go
// with it, in the sandbox or not.
func TestTerminate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sandbox string
		signal  syscall.Signal
		status  int
	}{
		{"danger-full-access", syscall.SIGTERM, 143},
		{"workspace-write", syscall.SIGTERM, 143},
		{"read-only", syscall.SIGTERM, 143},
		{"danger-full-access", syscall.SIGHUP, 129},
	} {
		t.Run(c.sandbox+" "+c.signal.String(), func(t *testing.T) {
			t.Parallel()
			if c.sandbox != "danger-full-access" {
				needSandbox(t)
			}
			e := start(t, setup{script: execScript(running), args: []string{"-s", c.sandbox, "-a", "never"}})
			e.send("go")
			e.started()
			e.child("sleep 1000")
			e.signal(c.signal)
			e.exit(c.status)
			if left := e.marked(); len(left) > 0 {
				t.Errorf("processes are left: %v %s", left, cmdline(left[0]))
			}
			e.turnDone("interrupted")
			e.endsAborted(t)
			e.noPlaceholders()
		})
	}
}

// A signal between turns leaves as well.
func TestTerminateIdle(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: execScript("echo running; sleep 1000 &"), args: free()})
	e.send("go")
	e.turnDone("completed")
	e.signal(syscall.SIGTERM)
	e.exit(143)
}

// What was ignored at the start stays ignored: nohup, and the background jobs of a shell.
func TestIgnoredSignals(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello, launch: []string{"/bin/sh", "-c", `trap "" HUP INT; exec "$@"`, "sh"}})
	e.call("thread/loaded/list", "{}")
	e.signal(syscall.SIGHUP)
	e.signal(os.Interrupt)
	e.send("go")
	e.turnDone("completed")
	e.quit()
}

// SIGPIPE is not ignored in what the engine starts.
func TestSigpipeOfCommands(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: execScript("grep SigIgn /proc/self/status"), args: free()})
	e.send("go")
	l := e.next("method", "item/completed", "params.item.type", "commandExecution")
	e.quit()
	mask := strings.TrimSpace(strings.TrimPrefix(l.Get("params.item.aggregatedOutput").Str, "SigIgn:"))
	if len(mask) != 16 || mask[12] != '0' { // bit 12 is SIGPIPE's
		t.Errorf("ignored signals of a command: %s", l.Get("params.item.aggregatedOutput").Raw)
	}
}

// kill -9 of the engine takes executor, commands and model with it.
func TestKillEngine(t *testing.T) {
	t.Parallel()
	for _, sandbox := range []string{"danger-full-access", "workspace-write"} {
		t.Run(sandbox, func(t *testing.T) {
			t.Parallel()
			if sandbox != "danger-full-access" {
				needSandbox(t)
			}
			e := start(t, setup{script: execScript(running), args: []string{"-s", sandbox, "-a", "never"}})
			e.send("go")
			e.started()
			e.child("sleep 1000")
			e.child("codex-sandbox")
			kill(t, e.cmd.Process.Pid)
			e.exit(1009)
			e.alone()
			e.noPlaceholders()
		})
	}
}

// An executor behind a wrapper that does not leave at the end of its input is asked to when
// the engine is killed, and killed when it does not.
func TestKillEngineOfWrapper(t *testing.T) {
	t.Parallel()
	for _, trap := range []string{"", "trap '' TERM; "} {
		t.Run(trap, func(t *testing.T) {
			t.Parallel()
			wrapper := trap + "'" + filepath.Join(binaries, "codex-sandbox") + "' serve; sleep 1002; sleep 1003"
			e := start(t, setup{script: execScript(running), args: free(), top: fmt.Sprintf("executor = [\"sh\", \"-c\", %q]\n", wrapper)})
			e.send("go")
			e.started()
			e.child("sleep 1000")
			kill(t, e.cmd.Process.Pid)
			e.exit(1009)
			e.alone()
		})
	}
}

// alone waits for the end of everything that the engine started.
func (e *engine) alone() {
	e.t.Helper()
	poll(e.t, "the end of its processes", func() bool { return len(e.marked()) == 0 })
}

// noPlaceholders holds that the sandbox has cleaned up.
func (e *engine) noPlaceholders() {
	e.t.Helper()
	for _, dir := range []string{e.work, filepath.Dir(e.work)} {
		for _, name := range []string{".git", ".codex", ".agents"} {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				e.t.Errorf("%s is left in %s", name, dir)
			}
		}
	}
}

// kill -9 of a command is its status, and the turn goes on.
func TestKillCommand(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: execScript("echo running; exec sleep 1000"), args: free()})
	e.send("go")
	e.started()
	kill(t, e.child("sleep 1000"))
	l := e.next("method", "item/completed", "params.item.type", "commandExecution")
	if l.Get("params.item.status").Str != "failed" || l.Get("params.item.exitCode").Int() != -1 {
		t.Error(l.Raw)
	}
	e.turnDone("completed")
	e.quit()
}

// kill -9 of the model's command is an error of the stream.
func TestKillModel(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: `{"items":[{"msg":"partial"}],"cut":2,"hang":true}`, config: "stream_max_retries = 0\n"})
	e.send("go")
	e.next("method", "item/started", "params.item.type", "agentMessage")
	kill(t, e.child("codex-model"))
	l := e.turnDone("failed")
	if msg := l.Get("params.turn.error.message").Str; !strings.Contains(msg, "killed") {
		t.Error(msg)
	}
	write(t, e.script, hello)
	e.send("again")
	e.turnDone("completed")
	e.eof()
	e.exit(1) // a turn has failed
}

func needSandbox(t *testing.T) {
	t.Helper()
	if out, err := command("codex-sandbox", "linux", "--", "true").CombinedOutput(); err != nil {
		t.Skipf("no sandbox here: %v %s", err, out)
	}
}

// kill -9 of the executor takes its commands along and fails the turn; the model is told
// what became of its calls, and the next turn has another executor.
func TestKillExecutor(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: `[{"call":"exec_command","args":{"cmd":"echo running; sleep 1000","yield_time_ms":30000}},{"call":"exec_command","args":{"cmd":"sleep 1001","yield_time_ms":30000}}]` +
		"\n" + `{"call":"exec_command","args":{"cmd":"echo again"}}` + "\n" + hello, args: free()})
	e.send("go")
	for range 2 { // the executor has answered for both
		e.next("method", "item/started", "params.item.type", "commandExecution")
	}
	commands := []int{e.child("sleep 1000"), e.child("sleep 1001")}
	kill(t, e.child("codex-sandbox"))
	if l := e.turnDone("failed"); l.Get("params.turn.error.codexErrorInfo").Str != "sandboxError" {
		t.Error(l.Raw)
	}
	for _, pid := range commands {
		poll(t, "the end of the commands", func() bool { return !alive(pid) })
	}
	if n := len(e.find("method", "item/completed", "params.item.type", "commandExecution", "params.item.status", "failed")); n != 2 {
		t.Errorf("%d commands have failed", n)
	}
	told := 0
	for _, l := range e.rollout(t) {
		if strings.HasSuffix(l.Get("payload.output").Str, "executor connection lost: end of its output") {
			told++
		}
	}
	if told != 2 {
		t.Errorf("the model is told %d times", told)
	}
	e.send("again")
	e.next("method", "item/completed", "params.item.aggregatedOutput", "again\n")
	e.turnDone("completed")
	e.eof()
	e.exit(1) // a turn has failed
}

// An executor that cannot be started costs one wait, and fails the turn.
func TestNoExecutor(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: `[{"call":"exec_command","args":{"cmd":"true"}},{"call":"exec_command","args":{"cmd":"true"}}]` + "\n" + hello,
		args: free(), top: `executor = ["/no/such/executor"]`})
	e.send("go")
	failure := e.turnDone("failed").Get("params.turn.error")
	if info, why := failure.Get("codexErrorInfo").Str, failure.Get("message").Str; info != "sandboxError" || !strings.Contains(why, "/no/such/executor") {
		t.Errorf("%s: %s", info, why)
	}
	e.eof()
	e.exit(1)
	told := 0
	for _, l := range e.rollout(t) {
		if strings.Contains(l.Get("payload.output").Str, "start executor") {
			told++
		}
	}
	if told != 2 {
		t.Errorf("the model is told %d times", told)
	}
}

// A killed engine leaves nobody of its model's command, nor of what a recorder asks.
func TestKilledModel(t *testing.T) {
	t.Parallel()
	// What the model says first has passed whoever started it, so that it is guarded.
	const model = `"sh", "-c", "echo asked; cat first; sleep 1000 & wait"`
	const first = `{"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"m","role":"assistant","content":[]}}` + "\n" +
		`{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"hello"}` + "\n"
	for name, command := range map[string]string{
		"command":  "[" + model + "]",
		"recorder": `["codex-model", "record", "lines", "--", ` + model + "]",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			alive := filepath.Join(d.work, "alive")
			if err := syscall.Mkfifo(alive, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(d.work, "first"), []byte(first), 0o600); err != nil {
				t.Fatal(err)
			}
			command := strings.Replace(command, "echo asked;", "exec 3>alive; echo asked >&3;", 1)
			e := start(t, setup{desk: d, args: []string{"-c", "model_providers.scripted.command=" + command}})
			e.send("go")
			f, err := os.Open(alive)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			r := bufio.NewReader(f)
			if said, err := r.ReadString('\n'); err != nil {
				t.Fatal(said, err)
			}
			e.next("method", "item/started", "params.item.type", "agentMessage")
			e.signal(os.Kill)
			if more, err := io.ReadAll(r); err != nil || len(more) > 0 { // until nobody has it open
				t.Errorf("%q %v", more, err)
			}
		})
	}
}
