package request

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"time"

	"codex/pkg/auth"
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
	Log     *log.Logger
}

// Endpoint is where requests go, and what all of them carry.
func (p *Provider) Endpoint() responses.Endpoint {
	c := p.Config.Provider
	ep := responses.Endpoint{BaseURL: strings.TrimRight(p.baseURL(), "/"), Query: query(c), Command: c.Command, Dir: p.Config.Cwd,
		Env: p.Environ, RequestMaxRetries: c.RequestMaxRetries, StreamMaxRetries: c.StreamMaxRetries, IdleTimeout: c.StreamIdleTimeout, Header: http.Header{}}
	for k, v := range c.HTTPHeaders {
		set(ep.Header, k, v)
	}
	for k, name := range c.EnvHTTPHeaders {
		p.setFrom(ep.Header, k, name)
	}
	if p.Config.ProviderID == "openai" {
		set(ep.Header, "version", version.Compat)
		p.setFrom(ep.Header, "OpenAI-Organization", "OPENAI_ORGANIZATION")
		p.setFrom(ep.Header, "OpenAI-Project", "OPENAI_PROJECT")
	}
	return ep
}

// setFrom sets a header to the value of a variable that is not blank.
func (p *Provider) setFrom(h http.Header, k, variable string) {
	if v := p.Getenv(variable); strings.TrimSpace(v) != "" {
		set(h, k, v)
	}
}

// set keeps a header's value if it is one.
func set(h http.Header, k, v string) {
	if !strings.ContainsAny(k+v, "\r\n\x00") && k != "" {
		h.Set(k, v)
	}
}

func (p *Provider) baseURL() string {
	if u := p.Config.Provider.BaseURL; u != "" {
		return u
	}
	if p.Auth.Mode == "chatgpt" {
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

// Problem says, in one line, what a user without any must do. Only the built-in
// provider at its own address needs one.
func (p *Provider) Problem() string {
	c := p.Config.Provider
	if p.Config.ProviderID != "openai" || len(c.Command) > 0 || p.Auth.Mode != "" || c.EnvKey != "" || c.BearerToken != "" || c.Auth != nil {
		return ""
	}
	if c.BaseURL != "" && c.BaseURL != "https://api.openai.com/v1" {
		return ""
	}
	return "no credentials: log in with an API key (CODEX_API_KEY, or `codex login`), name a provider in config.toml (model_provider), or try `make demo`"
}

// bearer chooses the credential. The error is the user's to read.
func (p *Provider) bearer() (token string, err error) {
	c := p.Config.Provider
	switch {
	case c.EnvKey != "":
		v := p.Getenv(c.EnvKey)
		if strings.TrimSpace(v) == "" {
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
		return p.commandToken(), nil
	case p.Auth.Mode == "apikey":
		return p.Auth.APIKey, nil
	case p.Auth.Mode == "chatgpt":
		return p.Auth.AccessToken, nil
	}
	return "", nil
}

// commandToken runs the provider's auth command. A failure is told to people, and the
// request goes out without a credential.
func (p *Provider) commandToken() string {
	a := p.Config.Provider.Auth
	ctx, cancel := context.WithTimeout(context.Background(), a.Timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, a.Command, a.Args...)
	cmd.Dir, cmd.Env = a.Cwd, p.Environ
	cmd.WaitDelay = time.Second
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		p.Log.Printf("provider auth command `%s` exited with status %v: %s", a.Command, err, strings.TrimSpace(errOut.String()))
		return ""
	}
	return strings.TrimSpace(out.String())
}

// Azure says whether the provider wants stored responses with item ids.
func (p *Provider) Azure() bool {
	if strings.EqualFold(p.Config.Provider.Name, "azure") {
		return true
	}
	u := strings.ToLower(p.Config.Provider.BaseURL)
	for _, s := range []string{"openai.azure.", "cognitiveservices.azure.", "aoai.azure.", "azure-api.", "azurefd.", "windows.net/openai"} {
		if strings.Contains(u, s) {
			return true
		}
	}
	return false
}
