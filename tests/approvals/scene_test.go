package approvals

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"codex/tests/programs"
)

// patience ends a run that hangs.
const patience = 60 * time.Second

// scene is one thread: a home, a work tree, a folder outside of it, an engine.
type scene struct {
	t                *testing.T
	root, home, work string
	cmd              *exec.Cmd
	in               io.WriteCloser
	lines            *bufio.Reader
	stderr           bytes.Buffer
	last             int // id of our last request
	warned           []line
	over             bool
	trust            string // trust_level of the work tree

	config string                          // tables at the end of config.toml; $W is the root
	grant  func(asked json.RawMessage) any // answers a request for permissions
}

// line is a message of the engine.
type line struct {
	ID     json.RawMessage
	Method string
	Params json.RawMessage
	Result json.RawMessage
	Error  *struct{ Message string }
}

// question is a request for approval.
type question struct {
	Reason                      string
	Command                     string
	Cwd                         string
	ProposedExecpolicyAmendment []string
	AvailableDecisions          []json.RawMessage
	AdditionalPermissions       json.RawMessage
}

// call is what the model asks for in one turn.
type call struct {
	Tool string
	Args map[string]any
	Ends bool // the turn ends with it: the user cancels
}

// furnish makes the folders. They are not in the folder for temporary files: commands in
// a sandbox may write to that.
func furnish(t *testing.T) *scene {
	t.Helper()
	root, err := os.MkdirTemp("/var/tmp", "codex-approvals-")
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	s := &scene{trust: "trusted", t: t, root: root, home: filepath.Join(root, "home"), work: filepath.Join(root, "ws")}
	for _, dir := range []string{s.home, s.work, filepath.Join(root, "out")} {
		s.must(os.MkdirAll(dir, 0o755))
	}
	return s
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// write makes a file below the scene's root; $W in its text stands for that.
func (s *scene) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.root, name)
	s.must(os.MkdirAll(filepath.Dir(path), 0o755))
	s.must(os.WriteFile(path, []byte(strings.ReplaceAll(text, "$W", s.root)), 0o600))
}

func (s *scene) read(name string) string {
	b, err := os.ReadFile(filepath.Join(s.root, name))
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(string(b), s.root, "$W")
}

// start begins a thread whose model makes the calls, one a turn.
func (s *scene) start(policy any, sandbox string, calls []call, flags ...string) line {
	s.t.Helper()
	var script bytes.Buffer
	for i, c := range calls {
		if c.Tool == "" {
			c.Tool = "exec_command"
		}
		s.must(json.NewEncoder(&script).Encode(map[string]any{"call": c.Tool, "args": c.Args, "call_id": "c" + strconv.Itoa(i)}))
		if !c.Ends {
			script.WriteString(`{"msg":"ok"}` + "\n")
		}
	}
	s.write("script.jsonl", script.String())
	s.write("home/config.toml", `model_provider = "script"
[model_providers.script]
name = "script"
command = [`+strconv.Quote(filepath.Join(binaries, "codex-model"))+`, "replay", "$W/script.jsonl"]
[projects."$W/ws"]
trust_level = "`+s.trust+`"
`+s.config)
	s.cmd = exec.CommandContext(s.t.Context(), filepath.Join(binaries, "codex-turn"), flags...)
	s.cmd.Dir = s.work
	s.cmd.Env = append(programs.Environ(), "PATH="+os.Getenv("PATH"), "HOME="+s.root, "CODEX_HOME="+s.home, "LC_ALL=C.UTF-8", "TMPDIR=/tmp")
	s.cmd.Stderr = &s.stderr
	s.cmd.WaitDelay = patience
	var err error
	s.in, err = s.cmd.StdinPipe()
	s.must(err)
	out, err := s.cmd.StdoutPipe()
	s.must(err)
	s.lines = bufio.NewReader(out)
	s.must(s.cmd.Start())
	slow := time.AfterFunc(patience, func() { s.cmd.Process.Kill() })
	s.t.Cleanup(func() {
		slow.Stop()
		if !s.over {
			s.cmd.Process.Kill()
			s.cmd.Wait()
		}
	})
	params := map[string]any{"cwd": s.work, "approvalPolicy": policy}
	if sandbox != "" { // else what the configuration says
		params["sandbox"] = sandbox
	}
	id := s.send("thread/start", params)
	for {
		switch l := s.next(); {
		case string(l.ID) == id && l.Method == "":
			return l
		case l.Method == "configWarning":
			s.warned = append(s.warned, l)
		}
	}
}

func (s *scene) send(method string, params any) string {
	s.t.Helper()
	s.last++
	s.put(map[string]any{"id": s.last, "method": method, "params": params})
	return strconv.Itoa(s.last)
}

func (s *scene) put(v any) {
	s.t.Helper()
	b, err := json.Marshal(v)
	s.must(err)
	if _, err := s.in.Write(append(b, '\n')); err != nil {
		s.t.Fatalf("the engine takes no more: %v\n%s", err, s.stderr.String())
	}
}

func (s *scene) next() line {
	s.t.Helper()
	b, err := s.lines.ReadBytes('\n')
	if err != nil {
		s.t.Fatalf("the engine says no more: %v\n%s", err, s.stderr.String())
	}
	var l line
	if err := json.Unmarshal(bytes.ReplaceAll(b, []byte(s.root), []byte("$W")), &l); err != nil {
		s.t.Fatalf("%v: %s", err, b)
	}
	return l
}

// turn runs one turn, answers what it asks, and gives the questions and its status.
func (s *scene) turn(answer any) (asked []question, status string) {
	s.t.Helper()
	s.send("turn/start", map[string]any{"input": []any{map[string]any{"type": "text", "text": "go on"}}})
	for {
		switch l := s.next(); l.Method {
		case "item/commandExecution/requestApproval":
			var q question
			s.must(json.Unmarshal(l.Params, &q))
			asked = append(asked, q)
			s.put(map[string]any{"id": l.ID, "result": map[string]any{"decision": answer}})
		case "item/permissions/requestApproval":
			s.put(map[string]any{"id": l.ID, "result": s.grant(l.Params)})
		case "item/fileChange/requestApproval":
			s.put(map[string]any{"id": l.ID, "result": map[string]any{"decision": answer}})
		case "configWarning", "warning":
			s.warned = append(s.warned, l)
		case "turn/completed":
			var p struct{ Turn struct{ Status string } }
			s.must(json.Unmarshal(l.Params, &p))
			return asked, p.Turn.Status
		}
	}
}

// end ends the thread and gives what the model was told for each call.
func (s *scene) end() map[string]string {
	s.t.Helper()
	s.in.Close()
	_, _ = io.Copy(io.Discard, s.lines)
	_ = s.cmd.Wait() // an interrupted turn has a status of its own
	s.over = true
	files, err := filepath.Glob(filepath.Join(s.home, "sessions", "*", "*", "*", "*.jsonl"))
	s.must(err)
	if len(files) != 1 {
		s.t.Fatalf("%d session files", len(files))
	}
	b, err := os.ReadFile(files[0])
	s.must(err)
	told := map[string]string{}
	for l := range bytes.Lines(bytes.ReplaceAll(b, []byte(s.root), []byte("$W"))) {
		var r struct {
			Payload struct {
				Type   string
				CallID string `json:"call_id"`
				Output json.RawMessage
			}
		}
		s.must(json.Unmarshal(l, &r))
		if r.Payload.Type == "function_call_output" {
			var text string
			if json.Unmarshal(r.Payload.Output, &text) != nil {
				text = string(r.Payload.Output)
			}
			told[r.Payload.CallID] = text
		}
	}
	return told
}

// ran reads from the output of `cat /proc/self/status` whether it ran in a sandbox:
// sandboxed, UNSANDBOXED, or "" when there is no such output.
func ran(output string) string {
	n, ok := filters(output)
	if !ok {
		return ""
	}
	own, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return ""
	}
	if m, _ := filters(string(own)); n > m {
		return "sandboxed"
	}
	return "UNSANDBOXED"
}

// filters counts the seccomp filters in a /proc/PID/status.
func filters(status string) (int, bool) {
	_, rest, ok := strings.Cut(status, "Seccomp_filters:")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0]))
	return n, err == nil
}

// sandboxWorks skips where the sandbox can't do its part.
func sandboxWorks(t *testing.T) {
	t.Helper()
	out, err := exec.Command(filepath.Join(binaries, "codex-sandbox"), "linux", "--", "cat", "/proc/self/status").CombinedOutput()
	if err != nil || ran(string(out)) != "sandboxed" {
		t.Skipf("no sandbox here: %v %s", err, out)
	}
}
