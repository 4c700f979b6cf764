// Package otel runs turns whose settings export telemetry to a collector on loopback.
package otel

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"codex/tests/programs"
)

var binaries string

func TestMain(m *testing.M) {
	os.Exit(programs.Run(m, &binaries, "codex-exec", "codex-turn", "codex-sandbox", "codex-otel", "codex-model"))
}

const script = `[{"reason":"**Think**\n\nHmm."},{"call":"exec_command","args":{"cmd":"echo hello"}}]
{"msg":"All done."}
`

// home makes a CODEX_HOME with a scripted model and what otel says.
func home(t *testing.T, otel string) string {
	t.Helper()
	dir := t.TempDir()
	model := filepath.Join(dir, "model.jsonl")
	write(t, model, script)
	write(t, filepath.Join(dir, "config.toml"), fmt.Sprintf("model = \"gpt-5.4\"\nmodel_provider = \"m\"\n[model_providers.m]\nname = \"m\"\nbase_url = %q\n%s",
		programs.ServeModel(t, binaries, "--global", model), otel))
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run is a turn with the programs of a folder, by its answer and what people are told.
func run(t *testing.T, bin, home string, env ...string) (answer, said string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(bin, "codex-exec"), "--skip-git-repo-check", "-s", "danger-full-access", "hello world")
	cmd.Dir = t.TempDir()
	cmd.Env = append(append(programs.Environ(), "HOME="+home, "CODEX_HOME="+home, "PATH=/usr/bin:/bin", "TERM=xterm"), env...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	return out.String(), stderr.String()
}

// settings name a collector for everything.
func settings(url, more, form string) string {
	s := "[otel]\nenvironment = \"test\"\n" + more
	for key, path := range map[string]string{"exporter": "/in/logs", "trace_exporter": "/in/traces", "metrics_exporter": "/in/metrics"} {
		if form == "grpc" {
			s += fmt.Sprintf("%s = { otlp-grpc = { endpoint = %q, headers = { \"x-key\" = \"sk-otel-secret\" } } }\n", key, url)
		} else {
			s += fmt.Sprintf("%s = { otlp-http = { endpoint = %q, protocol = %q, headers = { \"x-key\" = \"sk-otel-secret\" } } }\n", key, url+path, form)
		}
	}
	return s
}

// TestOriginal holds that a turn's events and metrics are those of the original, whatever way
// they are sent.
func TestOriginal(t *testing.T) {
	for _, form := range []string{"json", "binary", "grpc"} {
		t.Run(form, func(t *testing.T) {
			c := newCollector(t)
			if form == "grpc" {
				c.overGRPC()
			} else {
				c.overHTTP()
			}
			dir := home(t, settings(c.url, "span_attributes = { team = \"blue\" }\ntracestate = { vendor = { a = \"1\", b = \"2\" } }\n", form))
			if answer, said := run(t, binaries, dir); answer != "All done.\n" || strings.Contains(said, "otel") || strings.Contains(said, "telemetry") {
				t.Errorf("answer %q, said %q", answer, said)
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			checkRecords(t, c)
			checkMetrics(t, c)
			checkSpans(t, c)
			if want := map[string]bool{"sk-otel-secret": true}; !maps.Equal(c.keys, want) {
				t.Errorf("keys %v", c.keys)
			}
			want := map[string]string{"json": "application/json", "binary": "application/x-protobuf"}[form]
			if want != "" && !maps.Equal(c.types, map[string]bool{want: true}) {
				t.Errorf("content types %v", c.types)
			}
			if form == "json" && !regexp.MustCompile(`"traceId":"[0-9a-f]{32}"`).MatchString(strings.Join(c.raw, "")) {
				t.Error("no id of a trace in hexadecimal")
			}
		})
	}
}

func checkRecords(t *testing.T, c *collector) {
	t.Helper()
	got := map[string]string{}
	for _, r := range c.records {
		shape, v := attributes(r.Attributes)
		name := v["event.name"]
		if r.EventName != name {
			t.Errorf("event %q is called %q", r.EventName, name)
		}
		switch name {
		case "codex.sse_event":
			name += " " + v["event.kind"]
			if v["input_token_count"] != "" {
				name += " usage"
			}
		case "codex.user_prompt":
			if v["prompt"] != "[REDACTED]" || v["prompt_length"] != "11" {
				t.Errorf("prompt %q, length %s", v["prompt"], v["prompt_length"])
			}
		case "codex.tool_result":
			if v["tool_name"] != "exec_command" || v["arguments"] != `{"cmd":"echo hello"}` || !strings.Contains(v["output"], "hello") || v["success"] != "true" {
				t.Errorf("tool_result %v", v)
			}
		case "codex.tool_decision":
			if v["tool_name"] != "exec_command" || v["decision"] != "approved" || v["source"] != "Config" {
				t.Errorf("tool_decision %v", v)
			}
		}
		got[name] = shape
	}
	text, err := os.ReadFile("testdata/events.0.133.0.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	name := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		if shape, ok := strings.CutPrefix(line, "\t"); ok {
			want[name] = shape
		} else if !strings.HasPrefix(line, "#") {
			name = line
		}
	}
	for name, shape := range want {
		if got[name] != shape {
			t.Errorf("%s:\n got %s\nwant %s", name, got[name], shape)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok && !strings.HasPrefix(name, "codex.sse_event response.reasoning") {
			t.Errorf("%s, which the original does not have", name)
		}
	}
	if c.about["service.name"] != "codex_exec" || c.about["env"] != "test" || c.about["service.version"] == "" {
		t.Errorf("resource %v", c.about)
	}
}

// checkMetrics holds that every metric is one of the original's, with attributes of its.
func checkMetrics(t *testing.T, c *collector) {
	t.Helper()
	text, err := os.ReadFile("testdata/metrics.0.133.0.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		want[f[0]] = f[1:]
	}
	sums := map[string]float64{}
	for _, m := range c.metrics {
		theirs := want[m.Name]
		if theirs == nil {
			t.Errorf("metric %s, which the original does not have", m.Name)
			continue
		}
		kind := "sum"
		var keys []string
		for _, d := range m.GetSum().GetDataPoints() {
			sums[m.Name] += float64(d.GetAsInt())
			for _, a := range d.Attributes {
				keys = append(keys, a.Key)
			}
		}
		for _, d := range m.GetHistogram().GetDataPoints() {
			kind = "histogram"
			sums[m.Name] += float64(d.Count)
			for _, a := range d.Attributes {
				keys = append(keys, a.Key)
			}
		}
		if kind != theirs[0] {
			t.Errorf("%s is a %s, in the original a %s", m.Name, kind, theirs[0])
		}
		for _, k := range keys {
			if !slices.Contains(theirs, k) {
				t.Errorf("%s has %s, which the original has not", m.Name, k)
			}
		}
	}
	for name, n := range map[string]float64{"codex.api_request": 2, "codex.tool.call": 1, "codex.conversation.turn.count": 1, "codex.thread.started": 1, "codex.turn.token_usage": 5} {
		if sums[name] != n {
			t.Errorf("%s is %v, want %v", name, sums[name], n)
		}
	}
}

func checkSpans(t *testing.T, c *collector) {
	t.Helper()
	var turn []byte
	names := map[string]int{}
	for _, s := range c.spans {
		names[s.Name]++
		if _, v := attributes(s.Attributes); v["team"] != "blue" {
			t.Errorf("span %s has no attribute of span_attributes: %v", s.Name, v)
		}
		if s.TraceState != "vendor=a:1;b:2" {
			t.Errorf("span %s has the state %q", s.Name, s.TraceState)
		}
		if s.Name == "session_task.turn" {
			turn = s.SpanId
		}
	}
	if want := map[string]int{"session_task.turn": 1, "model_client.stream_responses_api": 2, "exec_command": 1}; !maps.Equal(names, want) {
		t.Errorf("spans %v", names)
	}
	for _, s := range c.spans {
		if s.Name != "session_task.turn" && !bytes.Equal(s.ParentSpanId, turn) {
			t.Errorf("span %s is not below the turn", s.Name)
		}
	}
}

// TestPrompt holds that prompts are told where log_user_prompt says so.
func TestPrompt(t *testing.T) {
	c := newCollector(t).overHTTP()
	run(t, binaries, home(t, settings(c.url, "log_user_prompt = true\n", "binary")))
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.records {
		if _, v := attributes(r.Attributes); v["prompt"] == "hello world" {
			return
		}
	}
	t.Error("the prompt is not told")
}

// TestEnvironment holds that the exporter gets the environment, but no credential for models.
func TestEnvironment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "environment")
	bin := without(t, "#!/bin/sh\nenv >'"+file+"'\ncat >/dev/null\n")
	dir := home(t, "env_key = \"MY_KEY\"\nenv_http_headers = { \"X-Key\" = \"MY_HEADER\" }\n"+settings("http://127.0.0.1:1", "", "binary"))
	run(t, bin, dir, "MY_KEY=sk-secret", "MY_HEADER=sk-secret", "OPENAI_API_KEY=sk-secret", "CODEX_API_KEY=sk-secret", "CODEX_ACCESS_TOKEN=sk-secret", "NO_PROXY=here")
	b, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(b), "NO_PROXY=here\n") || strings.Contains(string(b), "sk-secret") {
		t.Errorf("%v, environment %s", err, b)
	}
}

// TestClock holds that all that is told has the time of CODEX_CLOCK, and no span ends before it
// begins.
func TestClock(t *testing.T) {
	c := newCollector(t).overHTTP()
	run(t, binaries, home(t, settings(c.url, "", "binary")), "CODEX_CLOCK=2001-02-03T04:05:06Z")
	c.mu.Lock()
	defer c.mu.Unlock()
	at := func(what string, nano uint64) {
		if y := time.Unix(0, int64(nano)).UTC().Year(); y != 2001 {
			t.Errorf("%s is of %d", what, y)
		}
	}
	for _, r := range c.records {
		at(r.EventName, r.TimeUnixNano)
	}
	for _, s := range c.spans {
		at(s.Name, s.StartTimeUnixNano)
		if s.EndTimeUnixNano < s.StartTimeUnixNano {
			t.Errorf("span %s ends before it begins", s.Name)
		}
	}
	if len(c.records) == 0 || len(c.spans) == 0 {
		t.Errorf("%d records, %d spans", len(c.records), len(c.spans))
	}
}

// TestFaults holds that an exporter that does not work fails no turn, and is said once,
// without what is secret.
func TestFaults(t *testing.T) {
	refuse := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "sk-otel-secret is no key", http.StatusUnauthorized)
	}))
	t.Cleanup(refuse.Close)
	hang, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hang.Close() })
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for name, c := range map[string]struct{ url, form, want string }{
		"refuses":     {refuse.URL, "binary", "401"},
		"hangs":       {"http://" + hang.Addr().String(), "json", "telemetry: codex-otel"},
		"closed":      {"http://" + closed.Addr().String(), "binary", "connection refused"},
		"closed grpc": {"http://" + closed.Addr().String(), "grpc", "connection refused"},
		"nonsense":    {"ftp://sk-otel-secret@x", "binary", "want http"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer, said := run(t, binaries, home(t, settings(c.url, "", c.form)))
			if answer != "All done.\n" {
				t.Errorf("answer %q", answer)
			}
			if n := strings.Count(said, "telemetry: "); n == 0 || !strings.Contains(said, c.want) {
				t.Errorf("said %q", said)
			}
			if n := strings.Count(said, "codex-turn: telemetry"); n != 1 {
				t.Errorf("said %d times: %s", n, said)
			}
			if strings.Contains(said, "sk-otel-secret") {
				t.Errorf("a secret is told: %s", said)
			}
		})
	}
}

// TestMissing holds the same for an exporter that is not installed, and TestOff that none is
// started without settings.
func TestMissing(t *testing.T) {
	answer, said := run(t, without(t, ""), home(t, settings("http://127.0.0.1:1", "", "binary")))
	if answer != "All done.\n" || strings.Count(said, "codex-turn: telemetry: start codex-otel: ") != 1 {
		t.Errorf("answer %q, said %q", answer, said)
	}
}

func TestOff(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "started")
	bin := without(t, "#!/bin/sh\necho >'"+mark+"'\ncat >/dev/null\n")
	for _, c := range []struct {
		otel    string
		started bool
	}{
		{"", false},
		{"[otel]\nlog_user_prompt = true\nexporter = \"none\"\nmetrics_exporter = \"statsig\"\n", false},
		{settings("http://127.0.0.1:1", "", "binary"), true},
	} {
		run(t, bin, home(t, c.otel))
		if _, err := os.Stat(mark); (err == nil) != c.started {
			t.Errorf("%s: started: %v", c.otel, err == nil)
		}
	}
}

// without is a folder with the programs, but another codex-otel or none.
func without(t *testing.T, other string) string {
	t.Helper()
	bin := t.TempDir()
	for _, name := range []string{"codex-exec", "codex-turn", "codex-sandbox"} {
		if err := os.Link(filepath.Join(binaries, name), filepath.Join(bin, name)); err != nil {
			copyFile(t, filepath.Join(binaries, name), filepath.Join(bin, name))
		}
	}
	if other != "" {
		if err := os.WriteFile(filepath.Join(bin, "codex-otel"), []byte(other), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return bin
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestKilled holds that no exporter stays behind a killed engine: the connection to a
// collector that never answers ends.
func TestKilled(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	dir := home(t, settings("http://"+l.Addr().String(), "", "binary"))
	cmd := exec.Command(filepath.Join(binaries, "codex-turn"), "-s", "danger-full-access")
	cmd.Dir = t.TempDir()
	cmd.Env = append(programs.Environ(), "HOME="+dir, "CODEX_HOME="+dir, "PATH=/usr/bin:/bin")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out := programs.Start(t, cmd)
	io.WriteString(in, "hello\n")
	go io.Copy(io.Discard, out)
	conn, err := l.Accept() // it sends, and waits
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Errorf("the exporter's connection: %v", err)
	}
}
