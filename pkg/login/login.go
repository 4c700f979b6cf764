package login

import (
	"context"
	"fmt"
	"io"
	"strings"

	"codex/pkg/auth"
)

// loginFlags say how to log in.
type loginFlags struct {
	WithAPIKey      bool `name:"with-api-key" help:"read an API key from standard input"`
	WithAccessToken bool `help:"read a personal access token from standard input"`
	DeviceAuth      bool `help:"sign in with a code, from the browser of any machine"`
	NoBrowser       bool `help:"only print the address for the browser"`
	JSON            bool `name:"json" help:"for programs: print how the login goes on as JSON objects, one a line"`

	Issuer   string `name:"experimental_issuer" hidden:"" placeholder:"URL" help:"service that gives tokens"`
	ClientID string `name:"experimental_client-id" hidden:"" placeholder:"ID" help:"who asks it"`
}

type loginCmd struct{}

// Run logs in.
func (c *loginCmd) Run(s *session) error {
	if s.cfg.AuthStore == "ephemeral" {
		s.tell("codex-login: warning: cli_auth_credentials_store is ephemeral: the credential is checked, and not kept")
	}
	if s.WithAPIKey && s.WithAccessToken {
		return s.say("Choose one login credential source: --with-api-key or --with-access-token.")
	}
	defer s.openLog()()
	s.log.Info("starting " + s.way() + " login flow")
	switch {
	case s.WithAPIKey:
		return s.loginKey()
	case s.WithAccessToken:
		return s.loginToken()
	}
	if s.JSON { // whoever started us has gone when our input ends
		ctx, cancel := context.WithCancel(s.ctx)
		defer cancel()
		s.ctx = ctx
		go func() { // ends with the input, or with the process
			io.Copy(io.Discard, s.Stdin)
			cancel()
		}()
	}
	if s.DeviceAuth {
		return s.loginDevice()
	}
	return s.loginBrowser()
}

// way is how a login is made.
func (f *loginFlags) way() string {
	switch {
	case f.WithAPIKey:
		return "api key"
	case f.WithAccessToken:
		return "access token"
	case f.DeviceAuth:
		return "device code"
	}
	return "browser"
}

func (s *session) loginKey() error {
	if s.cfg.ForcedLoginMethod == "chatgpt" {
		return s.say("API key login is disabled. Use ChatGPT login instead.")
	}
	key, err := s.secret("API key", "--with-api-key", "OPENAI_API_KEY")
	if err != nil {
		return err
	}
	text, err := auth.WithAPIKey(key)
	if err == nil {
		err = s.keep(text)
	}
	return s.report("Error logging in: ", err)
}

// keep stores a text in place of whatever was there.
func (s *session) keep(text string) error {
	return s.store.Change(s.ctx, func(string) (string, error) { return text, nil })
}

// maxSecret bounds a credential on standard input.
const maxSecret = 64 << 10

// secret reads a credential from standard input.
func (s *session) secret(what, option, variable string) (string, error) {
	if s.StdinTTY {
		return "", s.say("%s expects the %s on stdin. Try piping it, e.g. `printenv %s | codex login %s`.", option, what, variable, option)
	}
	s.tell("Reading %s from stdin...", what)
	text, err := s.piped()
	if err != nil {
		return "", s.say("Failed to read %s from stdin: %v", what, err)
	}
	if text == "" {
		return "", s.say("No %s provided via stdin.", what)
	}
	return text, nil
}

// piped is what standard input has, without the blanks around it.
func (s *session) piped() (string, error) {
	var b []byte
	var err error
	read := make(chan struct{})
	go func() { // ends with the input, or with the process
		defer close(read)
		b, err = io.ReadAll(io.LimitReader(s.Stdin, maxSecret+1))
	}()
	select {
	case <-read:
	case <-s.ctx.Done():
		return "", context.Cause(s.ctx)
	}
	if err == nil && len(b) > maxSecret {
		err = fmt.Errorf("more than %d bytes", maxSecret)
	}
	return strings.TrimSpace(string(b)), err
}
