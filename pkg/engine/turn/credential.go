package turn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"codex/pkg/auth"
	"codex/pkg/clock"
	"codex/pkg/protocol"
	"codex/pkg/provider"
	"codex/pkg/responses"
)

const (
	// renewals is how often a request may be refused for its credential: once for the one
	// that another process has renewed meanwhile, once for the next.
	renewals = 2
	// clientTime is how long a client may take to give its own.
	clientTime = 10 * time.Second
)

// credentials is where the thread's credential comes from.
func (t *liveThread) credentials() *auth.Source {
	program := "codex-login"
	if t.opts.Config.Program != nil {
		program = t.opts.Config.Program(program)
	}
	environ := t.opts.Environ
	if v := t.opts.Getenv(clock.Variable); v != "" {
		environ = append(slices.Clone(environ), clock.Variable+"="+v)
	}
	return &auth.Source{Home: t.cfg.Home, Store: t.cfg.AuthStore, BaseURL: t.cfg.ChatGPTBaseURL, AllowKey: true, Env: t.opts.Config.Env, Program: program, Environ: environ, Now: t.opts.Now,
		Spare: !auth.Asks(t.cfg, &auth.Auth{})}
}

// identify finds the credential, and whether a request can be made with it at all.
func (t *liveThread) identify(ctx context.Context) error {
	t.bearers = &provider.Tokens{}
	if t.opts.PromptInput { // there will be none
		t.auth = &auth.Auth{}
		return nil
	}
	if err := t.loadAuth(ctx); err != nil {
		return fmt.Errorf("read credentials: %w", err)
	}
	if problem := t.provider().Problem(); problem != "" {
		return errors.New(problem)
	}
	return nil
}

// loadAuth finds the credential when the thread starts. A client's own is asked for when a
// request needs it.
func (t *liveThread) loadAuth(ctx context.Context) error {
	if t.opts.ClientAuth {
		t.auth = &auth.Auth{Mode: auth.ChatGPT, External: true}
		return nil
	}
	a, err := t.credentials().Load(ctx)
	if err == nil {
		err = auth.Restricted(t.cfg, a)
	}
	t.auth = a
	return err
}

// freshen sees to it that the next request has a credential that is still good.
func (t *turn) freshen() error {
	th := t.th
	if !th.provider().OfAccount() {
		return nil
	}
	if th.auth.External && th.auth.AccessToken == "" {
		return t.adopt(t.ofClient(t.ctx))
	}
	a, err := th.credentials().Fresh(t.ctx, th.auth)
	if err != nil && t.ctx.Err() == nil && th.auth.Mode == auth.ChatGPT && !th.auth.Expired(th.opts.Now()) {
		th.opts.Log.Printf("warning: %v; going on with the credential at hand", err)
		return nil
	}
	return t.adopt(a, err)
}

// renewed gets another credential after err, when that is for want of a good one. The
// request can be made again when it says so; an error of its own takes the place of err.
func (t *turn) renewed(err error, done *int) (again bool, failed error) {
	th := t.th
	var re *responses.Error
	if !errors.As(err, &re) || !th.provider().Refused(re.HTTPStatus) || *done >= renewals {
		return false, nil
	}
	*done++
	if !th.provider().OfAccount() {
		return *done == 1 && th.bearers.Drop(), nil // the next one of the auth command, or of AWS, may be good
	}
	switch {
	case th.auth.External:
		failed = t.adopt(t.ofClient(t.ctx))
	case th.auth.Renewable(), th.auth.Mode == auth.Agent && *done == 1: // an agent has another task then
		failed = t.adopt(th.credentials().Renew(t.ctx, th.auth))
	default:
		return false, nil
	}
	return failed == nil, failed
}

// adopt makes a the credential from now on. The error is the user's to read.
func (t *turn) adopt(a *auth.Auth, err error) error {
	if err == nil {
		err = auth.Restricted(t.th.cfg, a)
	}
	switch {
	case err == nil:
		t.th.auth = a
		return nil
	case t.ctx.Err() != nil:
		return t.ctx.Err()
	}
	return &responses.Error{Message: err.Error(), Kind: responses.KindUnauthorized, Err: err}
}

// ofClient asks the client, whose tokens they are, for new ones.
func (t *turn) ofClient(ctx context.Context) (*auth.Auth, error) {
	ctx, cancel := context.WithTimeout(ctx, clientTime)
	defer cancel()
	p := protocol.ChatgptAuthTokensRefreshParams{Reason: protocol.ChatgptAuthTokensRefreshReasonUnauthorized, PreviousAccountID: protocol.Optional(t.th.auth.AccountID)}
	_, raw, err := t.out.ask(ctx, protocol.AskAuthTokensRefresh, p)
	var got protocol.ChatgptAuthTokensRefreshResponse
	if err == nil {
		err = json.Unmarshal(raw, &got)
	}
	if err == nil && got.AccessToken == "" {
		err = errors.New("it has none")
	}
	if err != nil {
		return nil, errors.New("the client gave no access token: " + err.Error())
	}
	a := &auth.Auth{Mode: auth.ChatGPT, External: true, AccessToken: got.AccessToken, AccountID: got.ChatgptAccountID}
	if got.ChatgptPlanType != nil {
		a.Claims.Plan = *got.ChatgptPlanType
	}
	return a, nil
}
