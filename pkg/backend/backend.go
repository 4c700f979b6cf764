// Package backend is a client of the service behind a ChatGPT account: how much of its
// limits is used, and the tasks that ran there.
//
// Ground package; it imports pkg/auth with auth/sign, and pkg/responses for HTTP.
package backend

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"codex/pkg/auth"
	"codex/pkg/auth/sign"
	"codex/pkg/responses"
)

// Credentials give the token of an account.
type Credentials interface {
	// Current gives one that is good as far as can be seen.
	Current(ctx context.Context) (*auth.Auth, error)
	// Renew gives another one after this was refused.
	Renew(ctx context.Context, refused *auth.Auth) (*auth.Auth, error)
}

// Client asks the service.
type Client struct {
	Base        string // chatgpt_base_url
	Credentials Credentials
	Getenv      func(name string) string
	UserAgent   string
	// Wait bounds one answer; zero is half a minute.
	Wait time.Duration
}

const (
	usualWait = 30 * time.Second
	maxAnswer = 64 << 20
)

// Error is an answer that is none.
type Error struct {
	Status int
	Path   string
	Text   string // the beginning of its body
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s: status %d %s", e.Path, e.Status, http.StatusText(e.Status))
	if e.Text != "" {
		s += ": " + e.Text
	}
	return s
}

// address puts what follows the base into the service's two layouts.
func (c *Client) address(rest string) string {
	base := strings.TrimRight(c.Base, "/")
	if (strings.HasPrefix(base, "https://chatgpt.com") || strings.HasPrefix(base, "https://chat.openai.com")) && !strings.Contains(base, "/backend-api") {
		base += "/backend-api"
	}
	if strings.Contains(base, "/backend-api") {
		return base + "/wham/" + rest
	}
	return base + "/api/codex/" + rest
}

// do asks, a second time with another token when the first is refused, and reads the answer
// into v.
func (c *Client) do(ctx context.Context, method, rest string, body, v any) error {
	wait := cmp.Or(c.Wait, usualWait)
	a, err := c.Credentials.Current(ctx)
	if err != nil {
		return err
	}
	b, err := c.ask(ctx, wait, a, method, rest, body)
	var refused *Error
	if errors.As(err, &refused) && refused.Status == http.StatusUnauthorized {
		if a, err = c.Credentials.Renew(ctx, a); err != nil {
			return err
		}
		b, err = c.ask(ctx, wait, a, method, rest, body)
	}
	if err != nil {
		return err
	}
	if v == nil {
		return nil
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: read the answer: %w", rest, err)
	}
	return nil
}

func (c *Client) ask(ctx context.Context, wait time.Duration, a *auth.Auth, method, rest string, body any) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(b)
	}
	address := c.address(rest)
	req, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return nil, err
	}
	h, err := responses.HTTPClient(address, c.Getenv)
	if err != nil {
		return nil, err
	}
	defer h.CloseIdleConnections()
	req.Header.Set("Authorization", sign.Authorization(a, time.Now()))
	if a.AccountID != "" {
		req.Header.Set("chatgpt-account-id", a.AccountID)
	}
	if a.Claims.FedRAMP {
		req.Header.Set("X-OpenAI-Fedramp", "true")
	}
	req.Header.Set("User-Agent", c.UserAgent)
	req.Header.Set("Content-Type", "application/json")
	res, err := h.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", rest, err)
	case res.StatusCode/100 != 2:
		return nil, &Error{res.StatusCode, rest, beginning(b)}
	case len(b) > maxAnswer:
		return nil, fmt.Errorf("%s: answer over %d bytes", rest, maxAnswer)
	}
	return b, nil
}

// beginning is what a person can read of an error.
func beginning(b []byte) string {
	const most = 300
	s := strings.Join(strings.Fields(strings.ToValidUTF8(string(b[:min(len(b), 4*most)]), "")), " ")
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return s
}
