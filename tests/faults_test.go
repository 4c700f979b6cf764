package tests

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"codex/man"
)

// execScenes are those of codex-exec(1); answer.md is there before.
func execScenes() map[string]string {
	const exec = `codex exec -o answer.md `
	// A model that never answers; the rest of the line runs once it is asked.
	const asked = `set -m; mkfifo asked; ` + exec +
		`-c 'model_providers.demo.command=["sh", "-c", "echo >asked; exec sleep 600"]' hi </dev/null & read -r <asked; `
	return map[string]string{
		"wrong usage":                 exec + `--nope hi`,
		"an empty value":              exec + `-m "$NOSUCH" hi </dev/null`,
		"broken config.toml":          `echo '= 1' >"$CODEX_HOME/config.toml"; ` + exec + `hi </dev/null`,
		"no key":                      exec + `-c 'model_provider="openai"' hi </dev/null`,
		"not in a repository":         `cd ..; codex exec -o work/answer.md hi </dev/null`,
		"no prompt":                   `echo | ` + exec + `-`,
		"a session that is not there": exec + `resume 01a202dd-405e-7af3-a02f-a1fd007b95cf hi </dev/null`,
		"the engine is missing":       exec + `--turn nowhere hi </dev/null`,
		"a filter is missing":         exec + `-c 'pipeline.filters=[["nowhere"]]' hi </dev/null`,
		"the model refuses": `echo '{"status": 400, "body": {"error": {"message": "no such model"}}}' >refuse.jsonl; ` +
			exec + `-c 'model_providers.demo.command=["codex", "model", "replay", "refuse.jsonl"]' hi </dev/null`,
		"nothing listens there": exec + `-c 'model_providers.none={name="none", base_url="http://127.0.0.1:1", request_max_retries=0, stream_max_retries=0}' ` +
			`-c 'model_provider="none"' hi </dev/null`,
		"the executor cannot start": exec + `-c 'executor=["false"]' hi </dev/null`,
		"the executor is lost":      exec + `-c 'executor=["sh", "-c", "read line; exit 255"]' hi </dev/null`,
		"the model says nothing": `echo '{"items": []}' >nothing.jsonl; ` +
			`codex exec -c 'model_providers.demo.command=["codex", "model", "replay", "nothing.jsonl"]' hi </dev/null`,
		"the time limit":                exec + `-c 'model_providers.demo.command=["sleep", "600"]' --timeout 3s hi </dev/null`,
		"a tool failed":                 exec + `--fail-on-tool-error hi </dev/null`,
		"standard output is full":       exec + `hi </dev/null >/dev/full`,
		"its reader goes away":          exec + `--json hi </dev/null 2>/dev/null | head -n 1`,
		"the answer's disk is full":     `codex exec -o /dev/full hi </dev/null`,
		"the session cannot be written": `touch "$CODEX_HOME/sessions"; ` + exec + `hi </dev/null`,
		"CODEX_HOME is removed": `printf '%s\n' '{"call": "exec_command", "args": {"cmd": "rm -r \"$CODEX_HOME\""}}' '{"msg": "Done."}' >remove.jsonl; ` +
			exec + `-s danger-full-access -c 'model_providers.demo.command=["codex", "model", "replay", "remove.jsonl"]' hi </dev/null`,
		"a filter fails":       exec + `-c 'pipeline.filters=[["sh", "-c", "cat; exit 5"]]' hi </dev/null`,
		"the engine is killed": asked + `kill -KILL $(pgrep -P $!); wait $!`,
		"SIGINT":               asked + `kill -INT $!; wait $!`,
		"SIGTERM":              asked + `kill -TERM $!; wait $!`,
	}
}

// scenes are the command lines that bring about the faults in the pages' tables, by their
// names there. They run in bash, in a copy of examples/demo with the scripted model.
func scenes() map[string]string {
	return map[string]string{
		"codex turn: the model's command fails":       `echo hi | codex turn -c 'model_providers.demo.command=["false"]' -c model_providers.demo.stream_max_retries=0`,
		"codex turn: its reader goes away":            `{ echo hi; echo hi; } | codex turn | head -n 1`,
		"codex turn: standard output is full":         `echo hi | codex turn >/dev/full`,
		"codex turn: SIGTERM":                         `mkfifo lines; codex turn -c 'model_providers.demo.command=["sleep", "600"]' < <(echo hi) >lines & exec 3<lines; while read -ru 3 line && [[ $line != *turn/started* ]]; do :; done; kill -TERM $!; cat <&3 >rest; wait $!`,
		"codex turn: wrong usage":                     `codex turn --nope`,
		"codex notify: its reader goes away":          `yes | codex notify | head -n 1`,
		"codex notify: standard output is full":       `echo '{}' | codex notify >/dev/full`,
		"codex notify: its program is missing":        `echo hi | codex turn | codex notify --exec ./nowhere`,
		"codex model replay: no script":               `codex model replay nowhere.jsonl </dev/null`,
		"codex model replay: standard output is full": `codex model replay </dev/null >/dev/full`,
		"codex sandbox: the command fails with 7":     `codex sandbox -- sh -c 'exit 7'`,
		"codex sandbox: the command is killed":        `codex sandbox -- sh -c 'kill -9 $$'`,
		"codex sandbox: the command is missing":       `codex sandbox -- nosuch`,
		"codex sandbox: the command may not write":    `codex sandbox -- touch new`,
		"codex exec-server: its input is no protocol": `echo hello | codex exec-server`,
		"codex app-server: standard output is full":   `echo '{"id":1,"method":"initialize","params":{"clientInfo":{"name":"x","version":"1"}}}' | codex app-server >/dev/full`,
		"codex app-server proxy: too long a path":     `codex app-server proxy --sock "/tmp/$(printf %0200d 0)" </dev/null`,
		"codex: no such command":                      `codex frobnicate`,
		"codex: standard output is full":              `codex --version >/dev/full`,
	}
}

// TestFaults holds the tables of faults in the pages: each row is brought about, and must
// end with its status and say its line. A row without a scene is an error, and the other
// way round.
func TestFaults(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /dev/full and the sandbox of Linux")
	}
	for page, left := range map[string]map[string]string{"codex-exec.1": execScenes(), "codex-pipelines.7": scenes()} {
		src, err := man.Read(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range faultRows(string(src)) {
			scene, ok := left[row.fault]
			if !ok {
				t.Errorf("%s: no scene for %q", page, row.fault)
				continue
			}
			delete(left, row.fault)
			t.Run(row.fault, func(t *testing.T) { row.hold(t, scene) })
		}
		for fault := range left {
			t.Errorf("%s does not have %q", page, fault)
		}
	}
}

// fault is one row of a page.
type fault struct {
	fault  string
	status int
	line   string // on stderr, "" for none
	files  string // "session", "answer" or both, "" when the page says nothing of files
}

// faultRows gives the rows of the section FAULTS.
func faultRows(src string) []fault {
	_, src, _ = strings.Cut(src, "\n.Sh FAULTS\n")
	src, _, _ = strings.Cut(src, "\n.Sh ")
	var rows []fault
	for line := range strings.Lines(src) {
		cells, ok := strings.CutPrefix(strings.TrimSpace(line), ".It ")
		f := strings.Split(strings.ReplaceAll(cells, `\&`, ""), " Ta ")
		if !ok || len(f) < 3 {
			continue
		}
		status, err := strconv.Atoi(f[1])
		if err != nil {
			continue // the head
		}
		row := fault{fault: strings.TrimSpace(f[0]), status: status, line: strings.TrimSpace(f[2])}
		if len(f) > 3 {
			row.files = strings.TrimSpace(f[3])
		}
		if row.line == "-" {
			row.line = ""
		}
		rows = append(rows, row)
	}
	return rows
}

func (f fault) hold(t *testing.T, scene string) {
	t.Parallel()
	d := newDesk(t)
	answer := filepath.Join(d.dir, "answer.md")
	if err := os.WriteFile(answer, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, errs, got := d.bash(t, "set -o pipefail\n"+scene)
	if got != f.status {
		t.Errorf("status %d, want %d:\n%s\n%s%s", got, f.status, scene, tail(out), tail(errs))
	}
	if f.line == "" && f.files == "" && errs != "" || !strings.Contains(errs, f.line) {
		t.Errorf("no %q on stderr:\n%s\n%s", f.line, scene, tail(errs))
	}
	if f.files == "" {
		return
	}
	if sessions, err := filepath.Glob(filepath.Join(d.dir, "../home/.codex/sessions/*/*/*/rollout-*.jsonl")); err != nil || (len(sessions) == 1) != strings.Contains(f.files, "session") {
		t.Errorf("session files %v, %v, want: %s", sessions, err, f.files)
	}
	if b, err := os.ReadFile(answer); err != nil || (string(b) != "before") != strings.Contains(f.files, "answer") {
		t.Errorf("answer.md %q, %v, want: %s", b, err, f.files)
	}
}
