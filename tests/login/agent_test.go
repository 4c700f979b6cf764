package login

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"codex/tests/oauth"
)

// signing is a desk whose account has its keys and an agent with the service.
func signing(t *testing.T, change func(claims map[string]any)) (*desk, *oauth.Agent) {
	d := newDesk(t)
	a := d.service.NewAgent(t, change)
	d.base(d.service.URL + "/backend-api")
	return d, a
}

// base sets chatgpt_base_url.
func (d *desk) base(url string) {
	lines := strings.Split(d.read("config.toml"), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "chatgpt_base_url") {
			lines[i] = fmt.Sprintf("chatgpt_base_url = %q", url)
		}
	}
	d.write("config.toml", strings.Join(lines, "\n"))
}

// TestAgent holds that an agent's identity is stored once its service has signed it, as the
// original stores it, and that each request is signed, for one task a process.
func TestAgent(t *testing.T) {
	d, agent := signing(t, func(claims map[string]any) { claims["aud"] = []string{"another", "codex-app-server"} })
	out, errs, status := d.run(agent.Token+"\n", "codex-login", "--with-access-token")
	if status != 0 || out != "" || errs != "Reading access token from stdin...\nSuccessfully logged in\n" {
		t.Fatalf("%d %q %q", status, out, errs)
	}
	if want := "{\n  \"auth_mode\": \"agentIdentity\",\n  \"OPENAI_API_KEY\": null,\n  \"agent_identity\": \"" + agent.Token + "\"\n}"; d.read("auth.json") != want {
		t.Errorf("stored %s", d.read("auth.json"))
	}
	if _, errs, status := d.run("", "codex-login", "status"); status != 0 || errs != "Logged in using access token\n" {
		t.Errorf("%d %q", status, errs)
	}
	exec := func(env ...string) {
		t.Helper()
		d.extra = env
		before := len(d.model.requests())
		if out, errs, status := d.run("", "codex-exec", "--skip-git-repo-check", "-c", "model_reasoning_effort=low", "hi"); status != 0 || out != "hello\n" {
			t.Fatalf("%d %q %s", status, out, errs)
		}
		r := d.model.requests()
		authorization, account, _ := strings.Cut(strings.Replace(r[len(r)-1], "AgentAssertion ", "AgentAssertion\x00", 1), " ")
		n := len(d.service.Requests("/v1/agent/" + oauth.AgentName + "/task/register"))
		if task := agent.Task(strings.ReplaceAll(authorization, "\x00", " ")); len(r) != before+1 || task != fmt.Sprintf("task-%d", n) || account != "acc1" {
			t.Errorf("%d requests, for %q of %q, of %d tasks", len(r)-before, task, account, n)
		}
	}
	exec()
	tasks := func(want int) {
		t.Helper()
		if n := len(d.service.Requests("/v1/agent/" + oauth.AgentName + "/task/register")); n != want {
			t.Errorf("%d tasks", n)
		}
	}
	tasks(1)
	// Who only wants to know what is stored has none registered, whichever the store; a turn
	// has one.
	auto := []string{"-c", `cli_auth_credentials_store="auto"`}
	if out, errs, _ := d.run("", "codex-doctor", append(auto, "--offline", "--json")...); !strings.Contains(out, `"logged in"`) {
		t.Errorf("%s %s", out, errs)
	}
	tasks(1)
	if out, errs, status := d.run("", "codex-exec", append(auto, "--skip-git-repo-check", "hi")...); status != 0 || out != "hello\n" {
		t.Errorf("%d %q %s", status, out, errs)
	}
	tasks(2)
	d.service.Set(func(*oauth.Server) { agent.Sealed = true })
	exec()
	// The variable is for this run, whatever is stored, and the address that of this run.
	d.base("http://127.0.0.1:1")
	d.run("", "codex-login", "logout")
	d.extra = []string{"CODEX_ACCESS_TOKEN=" + agent.Token}
	if _, errs, status := d.run("", "codex-exec", "--skip-git-repo-check", "hi"); status == 0 || !strings.Contains(errs, "failed to fetch agent identity JWKS") {
		t.Errorf("%d %s", status, errs)
	}
	if out, errs, status := d.run("", "codex-exec", "--skip-git-repo-check", "-c", "chatgpt_base_url="+d.service.URL+"/backend-api", "hi"); status != 0 || out != "hello\n" {
		t.Errorf("%d %q %s", status, out, errs)
	}
	d.noSecrets()
	d.nowhere(agent.Text[20:])
	d.nowhere(base64.StdEncoding.EncodeToString(agent.Key.Seed())) // as codex-login gives it to others
}

// TestAgentTask: a task that the provider knows no more is followed by another one, once.
func TestAgentTask(t *testing.T) {
	d, agent := signing(t, func(map[string]any) {})
	if _, errs, status := d.run(agent.Token+"\n", "codex-login", "--with-access-token"); status != 0 {
		t.Fatal(errs)
	}
	d.model.accept(func(token string) bool { return agent.Task(token) == "task-2" })
	if out, errs, status := d.run("", "codex-exec", "--skip-git-repo-check", "hi"); status != 0 || out != "hello\n" {
		t.Errorf("%d %q %s", status, out, errs)
	}
	d.model.accept(func(string) bool { return false })
	if _, errs, status := d.run("", "codex-exec", "--skip-git-repo-check", "hi"); status == 0 || !strings.Contains(errs, "token is not good") {
		t.Errorf("%d %s", status, errs)
	}
	if n := len(d.service.Requests("/v1/agent/" + oauth.AgentName + "/task/register")); n != 4 {
		t.Errorf("%d tasks", n)
	}
}

// TestAgentRefused: what the service has not signed for us is not stored, nor a token that is none.
func TestAgentRefused(t *testing.T) {
	for _, tc := range []struct {
		name   string
		claims map[string]any
		change func(d *desk, token string) string
		want   string
	}{
		{name: "format", change: func(*desk, string) string { return "a.b" }, want: "invalid agent identity JWT format"},
		{name: "claims", change: func(*desk, string) string { return "a.b.c" }, want: "read agent identity JWT"},
		{name: "signature", change: func(_ *desk, token string) string { return token[:len(token)-8] + "AAAAAAAA" }, want: "signature is invalid"},
		{name: "other key", change: func(d *desk, token string) string {
			d.service.NewAgent(d.t, func(map[string]any) {})
			return token
		}, want: "signature is invalid"},
		{name: "unsigned", change: func(_ *desk, token string) string {
			body := token[strings.IndexByte(token, '.'):strings.LastIndexByte(token, '.')]
			return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"key1"}`)) + body + ".AAAA"
		}, want: "signing method none is invalid"},
		{name: "signed with what is public", change: func(_ *desk, token string) string {
			head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","kid":"key1"}`)) + token[strings.IndexByte(token, '.'):strings.LastIndexByte(token, '.')]
			mac := hmac.New(sha256.New, []byte("key1"))
			mac.Write([]byte(head))
			return head + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
		}, want: "signing method HS256 is invalid"},
		{name: "unknown key", change: func(_ *desk, token string) string {
			return "eyJhbGciOiJSUzI1NiIsImtpZCI6Im5vbmUifQ" + token[strings.IndexByte(token, '.'):]
		}, want: "kid none is not trusted"},
		{name: "keys in clear", change: func(d *desk, token string) string {
			d.base("http://192.0.2.1/backend-api")
			return token
		}, want: "the address wants https"},
		{name: "time", claims: map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}, want: "token is expired"},
		{name: "issuer", claims: map[string]any{"iss": "https://example.com"}, want: "invalid issuer"},
		{name: "audience", claims: map[string]any{"aud": "another"}, want: "invalid audience"},
		{name: "audiences", claims: map[string]any{"aud": []string{"another", "third"}}, want: "invalid audience"},
		{name: "private key", claims: map[string]any{"agent_private_key": "AAAA"}, want: "not valid PKCS#8"},
	} {
		d, agent := signing(t, func(claims map[string]any) {
			for k, v := range tc.claims {
				claims[k] = v
			}
		})
		token := agent.Token
		if tc.change != nil {
			token = tc.change(d, token)
		}
		_, errs, status := d.run(token, "codex-login", "--with-access-token")
		if status != 1 || !strings.Contains(errs, "Error logging in with access token: ") || !strings.Contains(errs, tc.want) || strings.Contains(errs, agent.Text) {
			t.Errorf("%s: %d %q", tc.name, status, errs)
		}
		if _, _, status := d.run("", "codex-login", "status"); status != 1 {
			t.Errorf("%s: stored", tc.name)
		}
	}
}
