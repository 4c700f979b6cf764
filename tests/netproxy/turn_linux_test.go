package netproxy

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"codex/tests/programs"
)

// turn runs one command of the model's in codex-turn, under a profile with the domain
// a.test, and answers what is asked, in order.
type turn struct {
	asked  []gjson.Result
	output string // of the command
	status string
	rules  string // what default.rules says at the end
}

func runTurn(t *testing.T, home, approval, command string, answers ...string) turn {
	t.Helper()
	newBench(t) // skips where there are no namespaces
	args, err := json.Marshal(map[string]string{"cmd": command})
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("script.jsonl", `[{"call":"exec_command","args":`+string(args)+"}]\n"+`[{"msg":"done"}]`+"\n")
	write("config.toml", fmt.Sprintf(`model_provider = "script"
approval_policy = %q
default_permissions = "web"
[features]
network_proxy = true
[model_providers.script]
name = "script"
command = [%q, "replay", %q]
[permissions.web.filesystem]
":root" = "read"
[permissions.web.network]
enabled = true
allow_local_binding = true
[permissions.web.network.domains]
"127.0.0.2" = "allow"
`, approval, filepath.Join(binaries, "codex-model"), filepath.Join(home, "script.jsonl")))
	cmd := exec.CommandContext(t.Context(), filepath.Join(binaries, "codex-turn"))
	cmd.Dir, cmd.Env = t.TempDir(), append(programs.Environ(), "PATH="+binaries+":/usr/bin:/bin", "HOME="+home, "CODEX_HOME="+home)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	io.WriteString(in, "go\n")
	var got turn
	lines := bufio.NewReader(out)
	for got.status == "" {
		text, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("%v after %q", err, text)
		}
		l := gjson.Parse(text)
		switch l.Get("method").Str {
		case "item/commandExecution/requestApproval":
			if len(answers) == 0 {
				t.Fatalf("asked once more: %s", text)
			}
			got.asked = append(got.asked, l.Get("params"))
			fmt.Fprintf(in, `{"id":%s,"result":{"decision":%s}}`+"\n", l.Get("id").Raw, answers[0])
			answers = answers[1:]
		case "item/completed":
			if l.Get("params.item.type").Str == "commandExecution" {
				got.output = l.Get("params.item.aggregatedOutput").Str
			}
		case "turn/completed":
			got.status = l.Get("params.turn.status").Str
		}
	}
	in.Close()
	go io.Copy(io.Discard, lines)
	cmd.Wait()
	if len(answers) > 0 {
		t.Errorf("not asked about %q", answers)
	}
	b, _ := os.ReadFile(filepath.Join(home, "rules", "default.rules"))
	got.rules = string(b)
	return got
}

// TestTurn: what the engine asks about hosts, and what comes of the answers (as codex
// 0.133 does under a managed network).
func TestTurn(t *testing.T) {
	web, secure := world(t)
	amend := func(action string) string {
		return `{"applyNetworkPolicyAmendment":{"network_policy_amendment":{"host":"127.0.0.1","action":"` + action + `"}}}`
	}
	rule := func(word string) string {
		return fmt.Sprintf("network_rule(host=\"127.0.0.1\", protocol=\"http\", decision=%q, justification=\"%s%s http access to 127.0.0.1\")\n",
			word, strings.ToUpper(word[:1]), word[1:])
	}
	get := "unset NO_PROXY no_proxy; curl -sS " + web + "/x; curl -sS " + web + "/y"
	tests := []struct {
		name, approval, command string
		answers                 []string
		status, output, rules   string
	}{
		{"accept", "on-request", get, []string{`"accept"`}, "completed", "hello /xhello /y", ""},
		{"for the session", "on-failure", get, []string{`"acceptForSession"`}, "completed", "hello /xhello /y", ""},
		{"decline", "on-request", get, []string{`"decline"`, `"decline"`}, "completed", "network blocked: 127.0.0.1", ""},
		{"cancel", "on-request", get, []string{`"cancel"`}, "interrupted", "", ""},
		{"a rule", "on-request", get, []string{amend("allow")}, "completed", "hello /xhello /y", rule("allow")},
		{"a rule against", "on-request", get, []string{amend("deny")}, "completed", "network blocked: 127.0.0.1", rule("deny")},
		{"a rule for another", "on-request", get, []string{strings.Replace(amend("allow"), "127.0.0.1", "*", 1), `"decline"`}, "completed", "network blocked", ""},
		{"nobody to ask", "never", get, nil, "completed", "network blocked: 127.0.0.1", ""},
		{"listed", "on-request", "curl -sS -o /dev/null -w '%{http_code}' http://127.0.0.2:1/", nil, "completed", "502", ""},
		{"no network of its own", "on-request", "curl -sS --noproxy '*' " + web, nil, "completed", "connect to server", ""},
		{"two kinds", "on-request", "unset NO_PROXY no_proxy; curl -sSk " + secure + "/x; curl -sS -x $ALL_PROXY " + web + "/y", []string{`"accept"`, `"accept"`}, "completed", "hello /xhello /y", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := runTurn(t, t.TempDir(), tt.approval, tt.command, tt.answers...)
			if got.status != tt.status || !strings.Contains(got.output, tt.output) || got.rules != tt.rules {
				t.Errorf("%s, %q, rules %q", got.status, got.output, got.rules)
			}
			for i, a := range got.asked {
				kind := "http"
				if tt.name == "two kinds" {
					kind = []string{"https", "socks5Tcp"}[i]
				}
				if a.Get("networkApprovalContext").Raw != `{"host":"127.0.0.1","protocol":"`+kind+`"}` || a.Get("command").Exists() || a.Get("cwd").Exists() ||
					a.Get("reason").Str != "127.0.0.1 is not in the allowed_domains" ||
					!strings.HasPrefix(a.Get("itemId").Str, "network#"+strings.Replace(kind, "5Tcp", "5-tcp", 1)+"#127.0.0.1#") ||
					a.Get("availableDecisions").Raw != `["accept","acceptForSession",`+amend("allow")+`,"cancel"]` {
					t.Errorf("%s", a.Raw)
				}
			}
		})
	}
}

// TestTurnRules: rules files add to the lists.
func TestTurnRules(t *testing.T) {
	web, _ := world(t)
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, "rules"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := `network_rule(host="127.0.0.1", protocol="http", decision="allow")
network_rule(host="127.0.0.2", protocol="https", decision="deny")
`
	if err := os.WriteFile(filepath.Join(home, "rules", "mine.rules"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got := runTurn(t, home, "on-request", "curl -sS "+web+"/x; curl -sS http://127.0.0.2/")
	if !strings.Contains(got.output, "hello /x") || !strings.Contains(got.output, "network blocked: 127.0.0.2 port 80 is denied") {
		t.Errorf("%q", got.output)
	}
}
