package config

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Bedrock is the id of the built-in provider that signs requests as AWS wants it.
const Bedrock = "amazon-bedrock"

func ossModel(provider string) string {
	if provider == "lmstudio" {
		return "openai/gpt-oss-20b"
	}
	return "gpt-oss:20b"
}

// builtins are the providers that every configuration has.
func builtins(o Options, t view) map[string]Provider {
	oss := func(id, port string) Provider {
		base := "http://localhost:" + cmp.Or(o.Env.get("CODEX_OSS_PORT"), port) + "/v1"
		return Provider{ID: id, Name: "gpt-oss", BaseURL: cmp.Or(o.Env.get("CODEX_OSS_BASE_URL"), base)}
	}
	m := map[string]Provider{
		"openai": {
			ID: "openai", Name: "OpenAI", BaseURL: t.str("openai_base_url"),
			EnvHTTPHeaders: map[string]string{
				"OpenAI-Organization": "OPENAI_ORGANIZATION", "OpenAI-Project": "OPENAI_PROJECT",
			},
			RequiresOpenAIAuth: true,
		},
		"ollama":   oss("ollama", "11434"),
		"lmstudio": oss("lmstudio", "1234"),
		Bedrock: {
			ID: Bedrock, Name: "Amazon Bedrock", BaseURL: "https://bedrock-mantle.us-east-1.api.aws/openai/v1",
		},
	}
	for id, p := range m {
		p.defaults()
		m[id] = p
	}
	return m
}

func (p *Provider) defaults() {
	p.RequestMaxRetries = cmp.Or(p.RequestMaxRetries, 4)
	p.StreamMaxRetries = cmp.Or(p.StreamMaxRetries, 5)
	p.StreamIdleTimeout = cmp.Or(p.StreamIdleTimeout, 300*time.Second)
}

func (c *Config) readProviders(o Options, t view) error {
	c.Providers = builtins(o, t)
	for id := range t.table("model_providers") {
		p := t.table("model_providers", id)
		if id == Bedrock {
			b, err := bedrock(c.Providers[id], p)
			if err != nil {
				return err
			}
			c.Providers[id] = b
			continue
		}
		c.Providers[id] = c.provider(id, p)
	}
	c.ProviderID = cmp.Or(t.str("model_provider"), "openai")
	c.ProviderID = cmp.Or(o.Provider, c.ProviderID)
	if o.OSS {
		c.ProviderID = cmp.Or(o.LocalProvider, t.str("oss_provider"))
		if c.ProviderID == "" {
			return &Error{Kind: KindPlain, Text: "No default OSS provider configured. Use --local-provider=provider or set oss_provider to one of: lmstudio, ollama in config.toml"}
		}
	}
	if c.ProviderID == "ollama-chat" {
		if _, ok := c.Providers[c.ProviderID]; !ok {
			return plain("`ollama-chat` is no longer supported.\nHow to fix: replace `ollama-chat` with `ollama` in `model_provider`, `oss_provider`, or `--local-provider`.\nMore info: https://github.com/openai/codex/discussions/7782")
		}
	}
	p, ok := c.Providers[c.ProviderID]
	if !ok {
		return plain("Model provider `%s` not found", c.ProviderID)
	}
	c.Provider = p
	return nil
}

func (c *Config) provider(id string, t view) Provider {
	ms := func(def int64, k string) time.Duration {
		return time.Duration(min(t.num(def, k), 1<<40)) * time.Millisecond
	}
	p := Provider{
		ID: id, Name: cmp.Or(t.str("name"), id), BaseURL: t.str("base_url"),
		EnvKey: t.str("env_key"), EnvKeyInstructions: t.str("env_key_instructions"),
		BearerToken: t.str("experimental_bearer_token"), Command: t.list("command"),
		HTTPHeaders: t.strings("http_headers"), EnvHTTPHeaders: t.strings("env_http_headers"),
		RequestMaxRetries:  int(min(t.num(4, "request_max_retries"), 100)),
		StreamMaxRetries:   int(min(t.num(5, "stream_max_retries"), 100)),
		StreamIdleTimeout:  ms(300_000, "stream_idle_timeout_ms"),
		RequiresOpenAIAuth: t.flag(false, "requires_openai_auth"),
	}
	q := t.strings("query_params")
	for _, k := range slices.Sorted(maps.Keys(q)) {
		p.QueryParams = append(p.QueryParams, Param{k, q[k]})
	}
	if a := t.table("auth"); a != nil {
		p.Auth = &CommandAuth{
			Command: strings.TrimSpace(a.str("command")), Args: a.list("args"), Cwd: cmp.Or(a.str("cwd"), c.Home),
			Timeout:         time.Duration(min(a.num(5_000, "timeout_ms"), 1<<40)) * time.Millisecond,
			RefreshInterval: time.Duration(min(a.num(300_000, "refresh_interval_ms"), 1<<40)) * time.Millisecond,
		}
	}
	return p
}

func bedrock(p Provider, t view) (Provider, error) {
	for k := range t {
		if k != "aws" {
			if _, _, known := field(providerFields(), k); known {
				return p, plain("model_providers.amazon-bedrock only supports changing `aws.profile` and `aws.region`; other non-default provider fields are not supported")
			}
		}
	}
	p.AWSProfile, p.AWSRegion = t.str("aws", "profile"), t.str("aws", "region")
	if p.AWSRegion != "" {
		p.BaseURL = "https://bedrock-mantle." + p.AWSRegion + ".api.aws/openai/v1"
	}
	return p, nil
}

func providerFields() string {
	_, _, body := section("ModelProviderInfo")
	return body
}
