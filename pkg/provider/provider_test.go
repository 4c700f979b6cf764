package provider

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"codex/pkg/auth"
	"codex/pkg/config"
)

// Whose credential goes where.
func TestProvider(t *testing.T) {
	env := map[string]string{"KEY": "from-env", "BLANK": " "}
	chatgpt, key := &auth.Auth{Mode: "chatgpt", AccessToken: "at", AccountID: "acc"}, &auth.Auth{Mode: "apikey", APIKey: "sk"}
	for _, c := range []struct {
		name, id string
		conf     config.Provider
		auth     *auth.Auth
		want     string // authorization and account, or the error
		problem  bool
		base     string
	}{
		{"stored key", "openai", config.Provider{}, key, "Bearer sk", false, "https://api.openai.com/v1"},
		{"account", "openai", config.Provider{}, chatgpt, "Bearer at acc", false, "https://chatgpt.com/backend-api/codex"},
		{"variable first", "x", config.Provider{EnvKey: "KEY", BearerToken: "b", BaseURL: "http://h/v1/"}, key, "Bearer from-env", false, "http://h/v1"},
		{"blank variable", "x", config.Provider{EnvKey: "BLANK", EnvKeyInstructions: "Get one."}, key, "Missing environment variable: `BLANK`. Get one.", false, ""},
		{"token", "x", config.Provider{BearerToken: "b"}, key, "Bearer b", false, ""},
		{"nothing", "openai", config.Provider{}, &auth.Auth{}, "", true, ""},
		{"stored key, not asked for", "x", config.Provider{BaseURL: "http://h"}, key, "", false, "http://h"},
		{"account, not asked for", "x", config.Provider{BaseURL: "http://h"}, chatgpt, "", false, "http://h"},
		{"account, asked for", "x", config.Provider{BaseURL: "http://h", RequiresOpenAIAuth: true}, chatgpt, "Bearer at acc", false, "http://h"},
		{"given key", "x", config.Provider{BaseURL: "http://h"}, &auth.Auth{Mode: "apikey", APIKey: "sk", FromEnv: true}, "Bearer sk", false, "http://h"},
		{"given key, AWS", config.Bedrock, config.Provider{BaseURL: "http://h"}, &auth.Auth{Mode: "apikey", APIKey: "sk", FromEnv: true}, "", false, "http://h"},
		{"given token, not asked for", "x", config.Provider{BaseURL: "http://h"}, &auth.Auth{Mode: auth.Personal, AccessToken: "at-", FromEnv: true}, "", false, "http://h"},
		{"nothing needed", "x", config.Provider{BaseURL: "http://h"}, &auth.Auth{}, "", false, "http://h"},
	} {
		p := &Provider{Config: &config.Config{ProviderID: c.id, Provider: c.conf}, Auth: c.auth, Getenv: func(name string) string { return env[name] }}
		var got []string
		h, err := p.Identity(t.Context())
		for _, kv := range h {
			if kv[0] == "authorization" || kv[0] == "chatgpt-account-id" {
				got = append(got, kv[1])
			}
		}
		if err != nil {
			got = []string{err.Error()}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %q, want %q", c.name, s, c.want)
		}
		if problem := p.Problem(); (problem != "") != c.problem {
			t.Errorf("%s: problem %q", c.name, problem)
		}
		if got := p.Endpoint().BaseURL; c.base != "" && got != c.base {
			t.Errorf("%s: base %q", c.name, got)
		}
	}
}

// An auth command's token is used until it is old or refused; one that fails fails the request.
func TestTokens(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh")
	}
	dir := t.TempDir()
	shell := func(script string) *config.CommandAuth {
		return &config.CommandAuth{Command: "sh", Args: []string{"-c", script}, Cwd: dir, Timeout: time.Minute, RefreshInterval: time.Minute}
	}
	now := time.Unix(1000, 0)
	var tokens Tokens
	count := shell("echo x >>n; echo t$(wc -l <n)")
	for i, c := range []struct {
		at   time.Duration
		drop bool
		want string
	}{{0, false, "t1"}, {59 * time.Second, false, "t1"}, {60 * time.Second, false, "t2"}, {61 * time.Second, true, "t3"}} {
		if c.drop && !tokens.Drop() {
			t.Error("nothing to drop")
		}
		got, err := tokens.of(t.Context(), count, nil, now.Add(c.at))
		if err != nil || strings.ReplaceAll(got, " ", "") != c.want {
			t.Errorf("%d: %q, %v", i, got, err)
		}
	}
	count.RefreshInterval = 0
	if got, err := tokens.of(t.Context(), count, nil, now.Add(1000*time.Hour)); err != nil || !strings.HasSuffix(got, "3") {
		t.Errorf("kept until refused: %q, %v", got, err)
	}
	short := shell("exec sleep 60")
	short.Timeout = time.Millisecond
	for want, a := range map[string]*config.CommandAuth{
		"provider auth command `sh` failed (exit status 3): oops":            shell("echo oops >&2; exit 3"),
		"provider auth command `sh` failed (exit status 1): it said nothing": shell("exit 1"),
		"provider auth command `sh` printed no token":                        shell("echo"),
		"provider auth command `sh` did not end within 1ms":                  short,
		"start provider auth command `/nowhere/x`":                           {Command: "/nowhere/x", Timeout: time.Minute},
		"which cannot be sent in a header":                                   shell("printf 'a\\nb\\n'"),
		"printed more than a token":                                          shell("head -c 2000000 /dev/zero"),
	} {
		_, err := new(Tokens).of(t.Context(), a, nil, now)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
