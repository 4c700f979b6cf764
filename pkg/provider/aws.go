package provider

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"codex/pkg/aws"
	"codex/pkg/config"
	"codex/pkg/responses"
)

// awsWait bounds codex-aws: a role may have to be taken on at a service.
const awsWait = 30 * time.Second

// sign makes a request one to Amazon Bedrock. The error is the user's to read.
func (p *Provider) sign(r *http.Request, body []byte) error {
	token, err := config.HeaderValue(aws.TokenVariable, p.Getenv(aws.TokenVariable))
	switch {
	case err != nil:
	case token != "":
		err = aws.Bear(r, token)
	default:
		var c *aws.Credentials
		if c, err = p.Tokens.ofAWS(r.Context(), p); err == nil {
			err = c.Sign(r, body, p.Now())
		}
	}
	if err != nil {
		return &responses.Error{Message: fmt.Sprintf("failed to resolve Amazon Bedrock auth: %v", err), Kind: responses.KindUnauthorized, Err: err}
	}
	return nil
}

// ofAWS gives the credentials at hand, or has codex-aws look for some.
func (t *Tokens) ofAWS(ctx context.Context, p *Provider) (*aws.Credentials, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.aws != nil && t.aws.Good(p.Now()) {
		return t.aws, nil
	}
	var args []string
	for name, v := range map[string]string{"--profile=": p.Config.Provider.AWSProfile, "--region=": p.Config.Provider.AWSRegion} {
		if v != "" {
			args = append(args, name+v)
		}
	}
	program := "codex-aws"
	if p.Program != nil {
		program = p.Program(program)
	}
	out, err := run(ctx, &config.CommandAuth{Command: program, Args: args, Cwd: p.Config.Home, Timeout: awsWait}, p.Environ, "codex-aws")
	if err != nil {
		return nil, err
	}
	t.aws, err = aws.Parse([]byte(out))
	return t.aws, err
}
