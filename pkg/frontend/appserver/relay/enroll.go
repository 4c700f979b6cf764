package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"time"

	"codex/pkg/atomicfile"
	"codex/pkg/foreign"
)

const (
	requestTime = 30 * time.Second // for one answer of the relay
	bodyMost    = 64 << 10         // of its answers
	bodyShown   = 4 << 10
	tokenSlack  = time.Minute // before its end a token is renewed
)

// enrolment is what a relay knows this machine by.
type enrolment struct {
	Socket        string `json:"websocket_url"`
	Account       string `json:"account_id"`
	ServerID      string `json:"server_id"`
	EnvironmentID string `json:"environment_id"`
	Name          string `json:"server_name"`
	// Tokens tells that the relay gives tokens of its own for the websocket.
	Tokens bool `json:"tokens,omitempty"`

	token   string // kept in memory alone
	expires time.Time
}

// statusError is an answer that is no success.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return e.text }

func statusOf(err error) int {
	if e, ok := errors.AsType[*statusError](err); ok {
		return e.status
	}
	return 0
}

// answer is that to an enrolment or a renewal.
type answer struct {
	ServerID      string    `json:"server_id"`
	EnvironmentID string    `json:"environment_id"`
	Token         string    `json:"remote_control_token"`
	Expires       time.Time `json:"expires_at"`
}

// enrol introduces this machine.
func (r *Relay) enrol(ctx context.Context, t target, cred Credentials) (*enrolment, error) {
	body := struct {
		Name         string `json:"name"`
		OS           string `json:"os"`
		Arch         string `json:"arch"`
		Version      string `json:"app_server_version"`
		Installation string `json:"installation_id"`
	}{r.opts.Name, r.opts.OS, r.opts.Arch, r.opts.Version, r.opts.InstallationID}
	var a answer
	if err := r.post(ctx, "enrollment", t.enroll, cred, body, &a); err != nil {
		return nil, err
	}
	if a.ServerID == "" || a.EnvironmentID == "" {
		return nil, fmt.Errorf("remote control enrollment at `%s` gave no server_id or environment_id", t.enroll)
	}
	e := &enrolment{Socket: t.socket, Account: cred.AccountID, ServerID: a.ServerID, EnvironmentID: a.EnvironmentID, Name: r.opts.Name,
		Tokens: a.Token != "", token: a.Token, expires: a.Expires}
	return e, r.remember(e)
}

// renew gets a token for the websocket, from a relay that gives some.
func (r *Relay) renew(ctx context.Context, t target, cred Credentials, e *enrolment) error {
	if !e.Tokens || e.token != "" && (e.expires.IsZero() || r.opts.Now().Add(tokenSlack).Before(e.expires)) {
		return nil
	}
	var a answer
	if err := r.post(ctx, "refresh", t.refresh, cred, struct {
		ServerID     string `json:"server_id"`
		Installation string `json:"installation_id"`
	}{e.ServerID, r.opts.InstallationID}, &a); err != nil {
		return err
	}
	if a.Token == "" {
		return fmt.Errorf("remote control refresh at `%s` gave no token", t.refresh)
	}
	e.token, e.expires = a.Token, a.Expires
	return nil
}

func (r *Relay) post(ctx context.Context, what, url string, cred Credentials, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode remote control %s: %w", what, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("remote control %s: %w", what, err)
	}
	req.Header = cred.header()
	req.Header.Set("Content-Type", "application/json")
	res, err := r.opts.Client.Do(req)
	if err != nil {
		return fmt.Errorf("remote control %s: %w", what, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, bodyMost))
	if err != nil {
		return fmt.Errorf("read answer to remote control %s: %w", what, err)
	}
	if res.StatusCode/100 != 2 {
		return &statusError{res.StatusCode, fmt.Sprintf("remote control %s failed at `%s`: HTTP %s, body: %s", what, url, res.Status, preview(text))}
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("parse answer to remote control %s from `%s`: %w, body: %s", what, url, err, preview(text))
	}
	return nil
}

func preview(body []byte) string {
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return "<empty>"
	case len(body) > bodyShown:
		body = append(bytes.Clone(body[:bodyShown]), "..."...)
	}
	return string(bytes.ToValidUTF8(body, nil))
}

// enrolments is the file that they are kept in.
type enrolments struct {
	List []*enrolment `json:"enrollments"`
}

func (r *Relay) load() (enrolments, error) {
	var all enrolments
	b, err := foreign.ReadFile(r.opts.File, 1<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &all)
	}
	if err != nil {
		return all, fmt.Errorf("read remote control enrollments: %w", err)
	}
	return all, nil
}

// recall gives the enrolment of an account at a relay, nil when there is none. A file
// that cannot be read costs a new enrolment, no more.
func (r *Relay) recall(t target, account string) *enrolment {
	all, err := r.load()
	if err != nil {
		r.opts.Log.Print(err)
	}
	i := slices.IndexFunc(all.List, func(e *enrolment) bool { return e.Socket == t.socket && e.Account == account })
	if i < 0 || all.List[i].ServerID == "" {
		return nil
	}
	return all.List[i]
}

// remember puts an enrolment in place of an older one.
func (r *Relay) remember(e *enrolment) error {
	return r.change(e, func(all []*enrolment) []*enrolment { return append(all, e) })
}

func (r *Relay) forget(e *enrolment) error {
	return r.change(e, func(all []*enrolment) []*enrolment { return all })
}

func (r *Relay) change(e *enrolment, add func([]*enrolment) []*enrolment) error {
	all, err := r.load()
	if err != nil {
		all = enrolments{}
	}
	all.List = add(slices.DeleteFunc(all.List, func(o *enrolment) bool { return o.Socket == e.Socket && o.Account == e.Account }))
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("encode remote control enrollments: %w", err)
	}
	if err := atomicfile.Write(r.opts.File, 0o600, b, []byte("\n")); err != nil {
		return fmt.Errorf("write remote control enrollments: %w", err)
	}
	return nil
}
