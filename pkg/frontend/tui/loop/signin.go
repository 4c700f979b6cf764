package loop

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// Account signs in on this machine. It is called beside the loop; a login ends with ctx.
type Account interface {
	// Key stores an API key.
	Key(ctx context.Context, key string) error
	// Begin begins a login by the browser of this machine, or by a code for that of another.
	Begin(ctx context.Context, device bool) (Login, error)
}

// Login is one that waits for a person.
type Login struct {
	URL, Code string       // where they go, and what they type there
	Wait      func() error // until it is over
}

// signIn is the page for who has no credential yet: before the first thread. With an
// app-server the credential is its, and so is the login.
type signIn struct {
	l      *Loop
	then   func()             // goes on behind it
	cancel context.CancelFunc // calls off the login that is under way
	id     string             // of it, at an app-server
	begun  int                // logins: what becomes of one but the last is nothing
	wrong  string             // what became of it
}

// signInFirst shows the page when the account of this machine is needed.
func (l *Loop) signInFirst(then func()) {
	if l.Account == nil {
		then()
		return
	}
	(&signIn{l: l, then: then}).ask()
}

// signInThere shows the page when the app-server needs an account and has none.
func (l *Loop) signInThere(then func()) {
	l.call(protocol.MethodAccountRead, protocol.GetAccountParams{}, func(r gjson.Result, err error) {
		if err != nil || !r.Get("requiresOpenaiAuth").Bool() || r.Get("account").IsObject() {
			then() // what is wrong with the account, the first turn says
			return
		}
		l.signing = &signIn{l: l, then: then}
		l.signing.ask()
	})
}

// ask asks which way to sign in.
func (s *signIn) ask() {
	s.stop()
	l := s.l
	leave := func() { s.stop(); l.leave() }
	list := &overlay.List{
		Title: "Codex, not signed in yet", Cancel: leave, Extra: quitKeys(leave), Hint: "enter to choose, ctrl + c to quit",
		Subtitle: "The model's service wants to know who asks. A provider of your own in config.toml, or --oss, needs no account.",
	}
	if s.wrong != "" {
		list.Above = []text.Line{nil, text.Of(text.CleanLine(s.wrong), l.theme.Error)}
	}
	forced := ""
	if !s.l.shared() {
		forced = l.Config.ForcedLoginMethod
	}
	if forced != "api" {
		list.Items = append(list.Items,
			overlay.Item{Label: "ChatGPT", Detail: "an account, by the browser of this machine", Do: func() { s.account(false) }},
			overlay.Item{Label: "ChatGPT, with a code", Detail: "an account, by the browser of another machine", Do: func() { s.account(true) }})
	}
	if forced != "chatgpt" {
		list.Items = append(list.Items, overlay.Item{Label: "An API key", Detail: "what is used is paid for", Do: s.key})
	}
	list.Items = append(list.Items, overlay.Item{Label: "Not now", Detail: "codex login does it later", Do: func() { s.done("") }})
	l.over(list)
}

// key asks for an API key. A terminal that edits lines by itself would show it.
func (s *signIn) key() {
	l := s.l
	if l.Plain {
		s.fail(errors.New("a key that is typed here would be seen: leave, and run printenv OPENAI_API_KEY | codex login --with-api-key"))
		return
	}
	f := &overlay.Field{Title: "API key", Label: "Paste or type it. It is kept where config.toml says, by default in auth.json.", Secret: true,
		Hint: "enter to keep it, esc to go back", Cancel: s.ask, Done: s.store}
	if key := strings.TrimSpace(l.Getenv("OPENAI_API_KEY")); key != "" && !s.l.shared() {
		f.Text, f.Label = []rune(key), "This is the one of OPENAI_API_KEY. "+f.Label
	}
	f.Check = func(v string) error {
		if strings.TrimSpace(v) == "" {
			return errors.New("a key is wanted")
		}
		return nil
	}
	l.over(f)
}

func (s *signIn) store(key string) {
	key = strings.TrimSpace(key)
	s.wait("Storing the key…")
	n := s.begun
	if s.l.shared() {
		p := protocol.LoginAccountParams{Type: protocol.LoginAccountParamsApiKey, ApiKey: key}
		s.l.call(protocol.MethodAccountLoginStart, p, func(_ gjson.Result, err error) { s.ended(n, err) })
		return
	}
	ctx := s.context()
	s.l.beside(func(context.Context) func() {
		err := s.l.Account.Key(ctx, key)
		return func() { s.ended(n, err) }
	})
}

// account signs in to an account.
func (s *signIn) account(device bool) {
	s.wait("Asking where to sign in…")
	n := s.begun
	if s.l.shared() {
		p := protocol.LoginAccountParams{Type: protocol.LoginAccountParamsChatgpt}
		if device {
			p.Type = protocol.LoginAccountParamsChatgptDeviceCode
		}
		s.l.call(protocol.MethodAccountLoginStart, p, func(r gjson.Result, err error) {
			if err != nil {
				s.ended(n, err)
				return
			}
			if n == s.begun {
				s.id = r.Get("loginId").Str
				s.show(Login{URL: cmp.Or(r.Get("authUrl").Str, r.Get("verificationUrl").Str), Code: r.Get("userCode").Str})
			}
		})
		return
	}
	ctx := s.context()
	s.l.beside(func(context.Context) func() {
		login, err := s.l.Account.Begin(ctx, device)
		if err != nil {
			return func() { s.ended(n, err) }
		}
		s.l.post(func() {
			if n == s.begun {
				s.show(login)
			}
		})
		err = login.Wait()
		return func() { s.ended(n, err) }
	})
}

// context is that of the login that begins.
func (s *signIn) context() context.Context {
	ctx, cancel := context.WithCancel(s.l.ctx)
	s.cancel = cancel
	return ctx
}

// wait says what is being done while nobody can do anything but go back.
func (s *signIn) wait(what string) {
	s.stop()
	s.wrong = ""
	s.l.over(&overlay.List{Title: what, Items: []overlay.Item{{Label: "Go back", Do: s.ask}}, Cancel: s.ask})
}

// show says where to sign in, and sends the browser there when it is this machine's.
func (s *signIn) show(login Login) {
	l := s.l
	address := text.Line{{Text: text.CleanLine(login.URL), Style: l.theme.Accent, Link: login.URL}}
	list := &overlay.List{Cancel: s.ask, Hint: "esc to go back"}
	if login.Code == "" {
		list.Title = "Sign in with the browser"
		list.Subtitle = "It comes back to a port of the machine that it is to be signed in on. If it was not opened, this is the address:"
		list.Above = []text.Line{nil, address}
		list.Items = append(list.Items, overlay.Item{Label: "Open the browser again", Do: func() { l.Open(login.URL) }})
		l.Open(login.URL)
	} else {
		list.Title = "Sign in with the browser of any machine"
		list.Subtitle = "Go to the address and type the code there. Whoever else asks for the code wants to get into your account."
		list.Above = []text.Line{nil, address, nil, text.Of(text.CleanLine(login.Code), l.theme.Bold)}
	}
	list.Stay = true
	list.Items = append(list.Items,
		overlay.Item{Label: "Copy the address", Do: func() {
			l.attempt("Copy the address", func(ctx context.Context) error { return l.clipboard(ctx, login.URL) })
		}},
		overlay.Item{Label: "Go back", Do: s.ask})
	if l.Plain { // as one word
		l.print([]text.Line{address})
	}
	l.over(list)
}

// completed takes an app-server's word on a login.
func (s *signIn) completed(p gjson.Result) {
	if id := p.Get("loginId").Str; s.id == "" || id != s.id {
		return
	}
	s.id = ""
	if p.Get("success").Bool() {
		s.ended(s.begun, nil)
		return
	}
	s.ended(s.begun, errors.New(cmp.Or(p.Get("error").Str, "the login was not completed")))
}

// ended is the end of login n.
func (s *signIn) ended(n int, err error) {
	switch {
	case n != s.begun:
	case err != nil:
		s.fail(err)
	default:
		s.done("Signed in.")
	}
}

func (s *signIn) fail(err error) {
	s.wrong = err.Error()
	s.ask()
	s.l.draw()
}

// done closes the page.
func (s *signIn) done(said string) {
	s.stop()
	l := s.l
	l.modal, l.signing = nil, nil
	if said != "" {
		l.say("%s", said)
	}
	s.then()
	l.draw()
}

// stop calls off the login that is under way.
func (s *signIn) stop() {
	s.begun++
	if s.cancel != nil {
		s.cancel()
		s.cancel = nil
	}
	if s.id != "" {
		s.l.call(protocol.MethodAccountLoginCancel, protocol.CancelLoginAccountParams{LoginID: s.id}, func(gjson.Result, error) {}) // it may be over
		s.id = ""
	}
}
