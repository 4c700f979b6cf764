package login

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// deviceTime is how long a code is good.
const deviceTime = 15 * time.Minute

// device is a login that another machine's browser finishes.
type device struct {
	ID       string
	Code     string
	Interval time.Duration
}

// loginDevice logs in with a code that a person types in elsewhere.
func (s *session) loginDevice() error {
	const before = "Error logging in with device code: "
	if s.cfg.ForcedLoginMethod == "api" {
		return s.report("", errors.New("ChatGPT login is disabled. Use API key login instead."))
	}
	d, err := s.deviceCode(s.ctx)
	if err != nil {
		return s.report(before, err)
	}
	link := s.issuer() + "/codex/device"
	if s.JSON {
		err = s.line(map[string]string{"verificationUrl": link, "userCode": d.Code})
	} else {
		_, err = fmt.Fprintf(s.Stdout, "Open this link in a browser, on any machine, and sign in:\n\n   %s\n\nThen enter this code, which is good for %d minutes:\n\n   %s\n\n"+
			"Whoever else asks for the code wants to get into your account.\n", link, int(deviceTime.Minutes()), d.Code)
	}
	if err != nil {
		return s.report(before, err)
	}
	return s.report(before, s.followDevice(d))
}

// deviceCode asks for a code.
func (s *session) deviceCode(ctx context.Context) (device, error) {
	a, err := s.postJSON(ctx, s.issuer()+"/api/accounts/deviceauth/usercode", map[string]string{"client_id": s.clientID()})
	switch {
	case err != nil:
		return device{}, err
	case a.status == http.StatusNotFound:
		return device{}, errors.New("device code login is not enabled for this Codex server. Use the browser login or verify the server URL.")
	case !a.ok():
		return device{}, fmt.Errorf("device code request failed: %s", a.describe())
	}
	var got struct {
		ID       string          `json:"device_auth_id"`
		Code     string          `json:"user_code"`
		Alias    string          `json:"usercode"`
		Interval json.RawMessage `json:"interval"` // a number, or one in a string
	}
	if err := json.Unmarshal(a.body, &got); err != nil {
		return device{}, fmt.Errorf("device code request failed: %w", err)
	}
	d := device{ID: got.ID, Code: cmp.Or(got.Code, got.Alias), Interval: 5 * time.Second}
	var text string
	if json.Unmarshal(got.Interval, &text) != nil {
		text = string(got.Interval)
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil && n >= 0 && n < deviceTime.Seconds() {
		d.Interval = time.Duration(n * float64(time.Second))
	}
	if d.ID == "" || d.Code == "" {
		return device{}, errors.New("device code request failed: no code in the answer")
	}
	return d, nil
}

// followDevice asks until the person is done, and stores the tokens.
func (s *session) followDevice(d device) error {
	ctx, cancel := context.WithTimeout(s.ctx, deviceTime)
	defer cancel()
	for {
		a, err := s.postJSON(ctx, s.issuer()+"/api/accounts/deviceauth/token", map[string]string{"device_auth_id": d.ID, "user_code": d.Code})
		switch {
		case s.ctx.Err() != nil:
			return errCancelled
		case ctx.Err() != nil:
			return fmt.Errorf("device auth timed out after %d minutes", int(deviceTime.Minutes()))
		case err != nil:
			return err
		case a.ok():
			return s.finishDevice(ctx, a)
		case a.status != http.StatusForbidden && a.status != http.StatusNotFound:
			return fmt.Errorf("device auth failed: %s", a.describe())
		}
		select {
		case <-time.After(d.Interval):
		case <-ctx.Done():
		}
	}
}

func (s *session) finishDevice(ctx context.Context, a answer) error {
	var got struct {
		Code     string `json:"authorization_code"`
		Verifier string `json:"code_verifier"`
	}
	if err := json.Unmarshal(a.body, &got); err != nil {
		return fmt.Errorf("device auth failed: %w", err)
	}
	tokens, err := s.exchange(ctx, got.Code, s.issuer()+"/deviceauth/callback", got.Verifier)
	if err != nil {
		return err
	}
	return s.admit(tokens)
}
