// Package provider knows how a thread's model provider is reached: its address, the headers
// of the configuration, and the credential that goes to it.
//
// Ground package; it imports pkg/auth, pkg/aws, pkg/config, pkg/foreign, pkg/responses, pkg/watchdog
// and pkg/cli/version, and asks no server.
package provider

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"codex/pkg/auth"
	"codex/pkg/auth/sign"
	"codex/pkg/cli/version"
	"codex/pkg/config"
	"codex/pkg/responses"
)

// Provider is whom a thread asks, and how it shows who it is.
type Provider struct {
	Config  *config.Config
	Auth    *auth.Auth
	Environ []string
	Getenv  func(string) string
	Tokens  *Tokens // of the provider's auth command, and of AWS
	// Program gives the path of one of the suite's programs; nil looks on PATH.
	Program func(name string) string
	Now     func() time.Time
}

// Endpoint is where requests go, and what all of them carry.
func (p *Provider) Endpoint() responses.Endpoint {
	c := p.Config.Provider
	h := http.Header{}
	ep := responses.Endpoint{BaseURL: strings.TrimRight(p.baseURL(), "/"), Query: query(c), Command: c.Command, Dir: p.Config.Cwd,
		Env: p.Environ, RequestMaxRetries: c.RequestMaxRetries, StreamMaxRetries: c.StreamMaxRetries, IdleTimeout: c.StreamIdleTimeout, Header: h}
	for k, v := range c.HTTPHeaders {
		h.Set(k, v)
	}
	for k, name := range c.EnvHTTPHeaders {
		p.setFrom(h, k, name)
	}
	switch p.Config.ProviderID {
	case "ollama":
		ep.Absent = "no Ollama server is running at " + ep.BaseURL + ": start it with `ollama serve` (https://ollama.com/download)"
	case "lmstudio":
		ep.Absent = "LM Studio does not answer at " + ep.BaseURL + ": start it with `lms server start` (https://lmstudio.ai/download)"
	case config.Bedrock:
		ep.Sign = p.sign
	case "openai":
		h.Set("version", version.Compat)
		p.setFrom(h, "OpenAI-Organization", "OPENAI_ORGANIZATION")
		p.setFrom(h, "OpenAI-Project", "OPENAI_PROJECT")
	}
	return ep
}

// setFrom sets a header to the value of a variable that is not blank. Problem has refused
// those that a header cannot carry.
func (p *Provider) setFrom(h http.Header, k, variable string) {
	if v, err := config.HeaderValue(variable, p.Getenv(variable)); err == nil && v != "" {
		h.Set(k, v)
	}
}

func (p *Provider) baseURL() string {
	if u := p.Config.Provider.BaseURL; u != "" {
		return u
	}
	if p.OfAccount() {
		return "https://chatgpt.com/backend-api/codex"
	}
	return "https://api.openai.com/v1"
}

func query(p config.Provider) string {
	var q []string
	for _, kv := range p.QueryParams {
		q = append(q, url.QueryEscape(kv.Name)+"="+url.PathEscape(kv.Value))
	}
	return strings.Join(q, "&")
}

// Problem says, in one line, why no request can be made, and what to do about it.
func (p *Provider) Problem() string {
	c := p.Config.Provider
	variables := append(slices.Sorted(maps.Values(c.EnvHTTPHeaders)), "OPENAI_ORGANIZATION", "OPENAI_PROJECT")
	if c.EnvKey != "" {
		variables = append(variables, c.EnvKey)
	}
	for _, name := range variables {
		if _, err := config.HeaderValue(name, p.Getenv(name)); err != nil {
			return err.Error()
		}
	}
	// Only the built-in provider at its own address needs a credential.
	if p.Config.ProviderID != "openai" || len(c.Command) > 0 || p.credentials() || c.BaseURL != "" && c.BaseURL != "https://api.openai.com/v1" {
		return ""
	}
	const say = "no credentials: "
	switch {
	case p.Getenv("OPENAI_API_KEY") != "":
		return say + "OPENAI_API_KEY is set, but only CODEX_API_KEY is read: run CODEX_API_KEY=$OPENAI_API_KEY codex ..."
	case slices.ContainsFunc(p.Environ, func(kv string) bool { return strings.HasPrefix(kv, auth.KeyVariable+"=") }):
		return say + "CODEX_API_KEY is set, but empty: put an API key into it"
	}
	return say + "run `codex login`, put an API key into the environment (export CODEX_API_KEY=sk-...), name a provider in config.toml (model_provider), or try `make demo`"
}

// credentials tells whether there is anything to show to the provider.
func (p *Provider) credentials() bool {
	c := p.Config.Provider
	return p.Auth.Bearer() != "" || p.Auth.Agent != nil || p.Auth.External || c.EnvKey != "" || c.BearerToken != "" || c.Auth != nil
}

// Identity are the headers that say who asks. The error is the user's to read.
func (p *Provider) Identity(ctx context.Context) ([][2]string, error) {
	authorization, err := p.authorization(ctx)
	if err != nil || authorization == "" {
		return nil, err
	}
	h := [][2]string{{"authorization", authorization}}
	if p.OfAccount() && p.Auth.AccountID != "" {
		h = append(h, [2]string{"chatgpt-account-id", p.Auth.AccountID})
		if p.Auth.Claims.FedRAMP {
			h = append(h, [2]string{"X-OpenAI-Fedramp", "true"})
		}
	}
	return h, nil
}

// Assertion signs an attempt of an agent's request that is made now; nil for who is no agent.
func (p *Provider) Assertion() func() string {
	a := p.Auth
	if !p.OfAccount() || a.Agent == nil {
		return nil
	}
	return func() string { return sign.Authorization(a, p.Now()) }
}

// Sets tells whether a header is configured, in whatever case.
func (p *Provider) Sets(header string) bool {
	for k := range p.Config.Provider.HTTPHeaders {
		if strings.EqualFold(k, header) {
			return true
		}
	}
	return false
}

// authorization chooses the credential. The error is the user's to read.
func (p *Provider) authorization(ctx context.Context) (string, error) {
	token, err := p.bearer(ctx)
	switch {
	case err != nil:
		return "", err
	case token != "":
		return "Bearer " + token, nil
	case p.OfAccount():
		return sign.Authorization(p.Auth, p.Now()), nil
	}
	return "", nil
}

// bearer is the token that goes with requests, "" for none.
func (p *Provider) bearer(ctx context.Context) (token string, err error) {
	c := p.Config.Provider
	switch {
	case c.EnvKey != "":
		v, err := config.HeaderValue(c.EnvKey, p.Getenv(c.EnvKey))
		if err != nil {
			return "", &responses.Error{Message: err.Error(), Kind: "other"}
		}
		if v == "" {
			msg := fmt.Sprintf("Missing environment variable: `%s`.", c.EnvKey)
			if c.EnvKeyInstructions != "" {
				msg += " " + c.EnvKeyInstructions
			}
			return "", &responses.Error{Message: msg, Kind: "other"}
		}
		return v, nil
	case c.BearerToken != "":
		return c.BearerToken, nil
	case c.Auth != nil:
		return p.Tokens.of(ctx, c.Auth, p.Environ, p.Now())
	case !auth.Asks(p.Config, p.Auth):
		return "", nil
	}
	return p.Auth.Bearer(), nil
}

// Refused tells whether a status says that the credential is not, or no longer, good: AWS has
// the same one for credentials that have ended and for what they do not allow.
func (p *Provider) Refused(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden && p.Config.ProviderID == config.Bedrock
}

// OfAccount says whether requests carry the token of a ChatGPT account.
func (p *Provider) OfAccount() bool { return auth.OfAccount(p.Config, p.Auth) }

// Azure says whether the provider wants stored responses with item ids.
func (p *Provider) Azure() bool {
	if strings.EqualFold(p.Config.Provider.Name, "azure") {
		return true
	}
	u := strings.ToLower(p.Config.Provider.BaseURL)
	return slices.ContainsFunc([]string{"openai.azure.", "cognitiveservices.azure.", "aoai.azure.", "azure-api.", "azurefd.", "windows.net/openai"},
		func(s string) bool { return strings.Contains(u, s) })
}
