package config

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestProviders(t *testing.T) {
	env := testEnv(t, map[string]string{"CODEX_OSS_PORT": "99"})
	write(t, filepath.Join(env.home(), "config.toml"), `
openai_base_url = "http://localhost/v1"
[model_providers.x]
name = "X"
base_url = "https://x/v1"
env_key = "K"
env_key_instructions = "get one"
query_params = { b = "2", a = "1" }
http_headers = { H = "v" }
env_http_headers = { E = "VAR" }
request_max_retries = 0
stream_max_retries = 1000
stream_idle_timeout_ms = 7
[model_providers.cmd]
command = ["codex-model", "replay", "f"]
[model_providers.auth]
name = "A"
auth = { command = "print-token", args = ["a"], refresh_interval_ms = 0, cwd = "sub" }
[model_providers.amazon-bedrock.aws]
region = "eu-west-1"
`)
	c := load(t, Options{Env: env, Provider: "x"})
	p := c.Provider
	if p.BaseURL != "https://x/v1" || p.EnvKey != "K" || p.RequestMaxRetries != 0 || p.StreamMaxRetries != 100 || p.StreamIdleTimeout != 7*time.Millisecond ||
		!slices.Equal(p.QueryParams, []Param{{"a", "1"}, {"b", "2"}}) || p.HTTPHeaders["H"] != "v" || p.EnvHTTPHeaders["E"] != "VAR" || p.RequiresOpenAIAuth {
		t.Fatalf("%+v", p)
	}
	if p := c.Providers["openai"]; p.BaseURL != "http://localhost/v1" || p.RequestMaxRetries != 4 || p.StreamMaxRetries != 5 || p.StreamIdleTimeout != 300*time.Second || !p.RequiresOpenAIAuth {
		t.Fatalf("%+v", p)
	}
	if p := c.Providers["cmd"]; p.Name != "cmd" || len(p.Command) != 3 {
		t.Fatalf("%+v", p)
	}
	if a := c.Providers["auth"].Auth; a.Command != "print-token" || a.Timeout != 5*time.Second || a.RefreshInterval != 0 || a.Cwd != filepath.Join(env.home(), "sub") {
		t.Fatalf("%+v", a)
	}
	if p := c.Providers["amazon-bedrock"]; !strings.Contains(p.BaseURL, "eu-west-1") {
		t.Fatalf("%+v", p)
	}
	c = load(t, Options{Env: env, OSS: true, LocalProvider: "ollama"})
	if c.ProviderID != "ollama" || c.Provider.BaseURL != "http://localhost:99/v1" || c.Model != "gpt-oss:20b" {
		t.Fatalf("%s %+v", c.Model, c.Provider)
	}
	if c = load(t, Options{Env: env, OSS: true, Overrides: []string{"oss_provider=lmstudio"}}); c.Model != "openai/gpt-oss-20b" {
		t.Fatal(c.Model)
	}
	if c = load(t, Options{Env: env, LocalProvider: "ollama"}); c.ProviderID != "openai" {
		t.Fatal(c.ProviderID)
	}
}

// TestEmpty: what is empty where an address, a name or a program is needed is refused, and so
// is what no header can carry; the ends of lines around a header's value go.
func TestEmpty(t *testing.T) {
	env := testEnv(t, nil)
	for text, key := range map[string]string{
		"model = ''": "model", "model_provider = ' '": "model_provider", "openai_base_url = ''": "openai_base_url", "chatgpt_base_url = ''": "chatgpt_base_url", "profile = ''": "profile",
		"oss_provider = ''": "oss_provider", "review_model = ''": "review_model", "service_tier = ''": "service_tier", "log_dir = ''": "log_dir", "executor = ['', 'x']": "executor",
		"notify = [' ']": "notify", "pipeline.filters = [[]]": "pipeline.filters", "pipeline.filters = [['']]": "pipeline.filters", "sandbox_workspace_write.writable_roots = ['']": "sandbox_workspace_write.writable_roots",
		"model_providers.x = {name='X', base_url=''}": "model_providers.x.base_url", "model_providers.x = {name='X', env_key=''}": "model_providers.x.env_key",
		"model_providers.x = {command=[]}": "model_providers.x.command", "model_providers.x = {name='X', experimental_bearer_token=' '}": "model_providers.x.experimental_bearer_token",
		"model_providers.x = {name='X', env_http_headers={A=''}}": "model_providers.x.env_http_headers.A", "model_providers.x = {name='X', http_headers={'A b'='c'}}": "model_providers.x.http_headers.A b",
		`model_providers.x = {name='X', http_headers={A="b\nc"}}`: "model_providers.x.http_headers.A", `model_providers.x = {name='X', experimental_bearer_token="b\u0000c"}`: "model_providers.x.experimental_bearer_token",
		"mcp_servers.x.command = ''": "mcp_servers.x.command", "mcp_servers.x.url = ''": "mcp_servers.x.url", "[profiles.p]\nmodel = ''": "profiles.p.model",
		"[[hooks.Stop]]\nhooks = [{type='command', command=''}]": "hooks",
	} {
		write(t, filepath.Join(env.home(), "config.toml"), text)
		fails(t, Options{Env: env}, "\nin `"+key)
	}
	write(t, filepath.Join(env.home(), "config.toml"), "notify = []\nexecutor = []\n[model_providers.x]\nname = 'X'\nexperimental_bearer_token = \"key\\n\"\nhttp_headers = { A = \"\", B = \" b\\r\\n\" }\n")
	if p := load(t, Options{Env: env, Provider: "x"}).Provider; p.BearerToken != "key" || !reflect.DeepEqual(p.HTTPHeaders, map[string]string{"A": "", "B": "b"}) {
		t.Fatalf("%+v", p)
	}
}
