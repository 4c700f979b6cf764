// Package aws makes requests what Amazon Bedrock takes: sent to a region, with its token or with
// a signature of version 4. Credentials come from codex-aws(1), so that nobody else links
// what finding them needs.
//
// Ground package; it imports the signer of AWS's SDK.
package aws

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// TokenVariable is the environment variable with a token of Bedrock.
const TokenVariable = "AWS_BEARER_TOKEN_BEDROCK"

const (
	service = "bedrock-mantle"
	// early is how long before their end credentials are asked for anew.
	early = 5 * time.Minute
)

// Credentials are as codex-aws prints them: the output of a credential_process of AWS, with the
// region beside it.
type Credentials struct {
	Version         int
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string     `json:",omitempty"`
	Expiration      *time.Time `json:",omitempty"`
	Region          string
}

// Parse reads what codex-aws printed.
func Parse(out []byte) (*Credentials, error) {
	c := new(Credentials)
	if err := json.Unmarshal(out, c); err != nil {
		return nil, fmt.Errorf("read the credentials that codex-aws printed: %w", err)
	}
	if c.AccessKeyID == "" || c.SecretAccessKey == "" || c.Region == "" {
		return nil, errors.New("codex-aws printed no credentials")
	}
	return c, nil
}

// Good tells whether they may still be used.
func (c *Credentials) Good(now time.Time) bool {
	return c.Expiration == nil || now.Add(early).Before(*c.Expiration)
}

// Sign sends a request to the region, and puts a signature of it as it is into it.
func (c *Credentials) Sign(r *http.Request, body []byte, now time.Time) error {
	if err := toRegion(r, c.Region); err != nil {
		return err
	}
	return c.sign(r, body, service, now)
}

func (c *Credentials) sign(r *http.Request, body []byte, service string, now time.Time) error {
	sum := sha256.Sum256(body)
	held := aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}
	if err := v4.NewSigner().SignHTTP(context.Background(), held, r, hex.EncodeToString(sum[:]), service, c.Region, now); err != nil {
		return fmt.Errorf("sign for AWS: %w", err)
	}
	return nil
}

// Bear sends a request to the region of a token, and puts that into it.
func Bear(r *http.Request, token string) error {
	region, err := tokenRegion(token)
	if err != nil {
		return fmt.Errorf("Amazon Bedrock bearer token is invalid: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return toRegion(r, region)
}

// toRegion makes the request one to a region. Its name goes into that of a host.
func toRegion(r *http.Request, region string) error {
	if region == "" || strings.Trim(region, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return fmt.Errorf("%q is no region of AWS", region)
	}
	r.URL.Host, r.Host = "bedrock-mantle."+region+".api.aws", ""
	return nil
}

// tokenRegion is the region that a token of Bedrock is for: it is a signed address in base64.
func tokenRegion(token string) (string, error) {
	encoded, ok := strings.CutPrefix(token, "bedrock-api-key-")
	if !ok {
		return "", errors.New("missing bedrock-api-key prefix")
	}
	encoded, _, _ = strings.Cut(encoded, "&Version=")
	b, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", errors.New("base64 payload could not be decoded")
	}
	_, query, _ := strings.Cut(string(b), "?")
	q, err := url.ParseQuery(query)
	scope := strings.Split(q.Get("X-Amz-Credential"), "/")
	if err != nil || len(scope) < 3 || scope[2] == "" {
		return "", errors.New("credential scope is missing region")
	}
	return scope[2], nil
}
