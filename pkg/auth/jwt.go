package auth

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Claims are what is read from an id token.
type Claims struct {
	Email, Plan, UserID, AccountID string
	FedRAMP                        bool
}

// ParseClaims reads the payload of a token without verifying it.
func ParseClaims(jwt string) (Claims, error) {
	var p struct {
		Email   string `json:"email"`
		Profile struct {
			Email string `json:"email"`
		} `json:"https://api.openai.com/profile"`
		Auth struct {
			Plan      any    `json:"chatgpt_plan_type"`
			ChatUser  string `json:"chatgpt_user_id"`
			User      string `json:"user_id"`
			AccountID string `json:"chatgpt_account_id"`
			FedRAMP   bool   `json:"chatgpt_account_is_fedramp"`
		} `json:"https://api.openai.com/auth"`
	}
	if err := payload(jwt, &p); err != nil {
		return Claims{}, err
	}
	c := Claims{Email: p.Email, UserID: p.Auth.ChatUser, AccountID: p.Auth.AccountID, FedRAMP: p.Auth.FedRAMP}
	c.Email = cmp.Or(c.Email, p.Profile.Email)
	c.UserID = cmp.Or(c.UserID, p.Auth.User)
	c.Plan, _ = p.Auth.Plan.(string)
	return c, nil
}

// expiry is when a token's time is over, zero when it does not say.
func expiry(jwt string) time.Time {
	var p struct {
		Exp int64 `json:"exp"`
	}
	if payload(jwt, &p) != nil || p.Exp <= 0 {
		return time.Time{}
	}
	return time.Unix(p.Exp, 0)
}

func payload(jwt string, to any) error {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return errors.New("invalid ID token format")
	}
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return fmt.Errorf("decode token: %w", err)
	}
	if err := json.Unmarshal(b, to); err != nil {
		return fmt.Errorf("decode token: %w", err)
	}
	return nil
}
