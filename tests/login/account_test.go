package login

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"codex/tests/earlier"
	"codex/tests/oauth"
)

// client is one of a running app-server.
type client struct {
	*desk
	in  io.WriteCloser
	out *bufio.Reader
	n   int
	// answers are what it says when it is asked for tokens.
	answers []string
	asked   []gjson.Result
}

func (d *desk) serve() *client {
	d.t.Helper()
	d.extra = append(d.extra, "CODEX_LOGIN_PORT=0", "CODEX_APP_SERVER_LOGIN_ISSUER="+d.service.URL)
	like := d.command("", "codex-app-server")
	cmd := exec.Command(like.Path) // it ends by itself, at the end of its input
	cmd.Dir, cmd.Env = like.Dir, like.Env
	in, err := cmd.StdinPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	c := &client{desk: d, in: in, out: bufio.NewReader(out)}
	d.t.Cleanup(func() {
		in.Close()
		io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			d.t.Error(err)
		}
	})
	c.call("initialize", `{"clientInfo":{"name":"t","version":"1"},"capabilities":{"experimentalApi":true}}`)
	return c
}

// next is the next line; questions for tokens are answered on the way.
func (c *client) next() gjson.Result {
	c.t.Helper()
	for {
		line, err := c.out.ReadString('\n')
		if err != nil {
			c.t.Fatal(err)
		}
		m := gjson.Parse(line)
		if m.Get("method").Str != "account/chatgptAuthTokens/refresh" {
			return m
		}
		c.asked = append(c.asked, m.Get("params"))
		if len(c.answers) == 0 {
			c.t.Fatalf("asked once more: %s", line)
		}
		fmt.Fprintf(c.in, `{"id":%s,"result":%s}`+"\n", m.Get("id").Raw, c.answers[0])
		c.answers = c.answers[1:]
	}
}

// call gives the answer to a request, without the members of later releases.
func (c *client) call(method, params string) gjson.Result {
	c.t.Helper()
	c.n++
	fmt.Fprintf(c.in, `{"id":%d,"method":%q,"params":%s}`+"\n", c.n, method, params)
	for {
		if m := c.next(); m.Get("id").Int() == int64(c.n) && !m.Get("method").Exists() {
			return gjson.ParseBytes(earlier.Line(method, []byte(m.Raw)))
		}
	}
}

// wait gives the params of a notification, without those members.
func (c *client) wait(method string) gjson.Result {
	c.t.Helper()
	for {
		if m := c.next(); m.Get("method").Str == method {
			return gjson.GetBytes(earlier.Line(method, []byte(m.Raw)), "params")
		}
	}
}

func (c *client) want(got gjson.Result, want string) {
	c.t.Helper()
	if got.Raw != want {
		c.t.Errorf("got  %s\nwant %s", got.Raw, want)
	}
}

// turn runs one, and gives its status.
func (c *client) turn() string {
	c.t.Helper()
	thread := c.call("thread/start", `{}`).Get("result.thread.id").Str
	c.call("turn/start", fmt.Sprintf(`{"threadId":%q,"input":[{"type":"text","text":"hi"}]}`, thread))
	return c.wait("turn/completed").Get("turn.status").Str
}

func TestAccountKey(t *testing.T) {
	d := newDesk(t)
	c := d.serve()
	c.want(c.call("account/read", `{}`).Get("result"), `{"account":null,"requiresOpenaiAuth":true}`)
	c.want(c.call("account/rateLimits/read", `null`).Get("error.message"), `"codex account authentication required to read rate limits"`)
	c.want(c.call("account/login/start", `{"type":"apiKey","apiKey":"sk-PLANTED"}`).Get("result"), `{"type":"apiKey"}`)
	c.want(c.wait("account/login/completed"), `{"loginId":null,"success":true,"error":null}`)
	c.want(c.wait("account/updated"), `{"authMode":"apikey","planType":null}`)
	c.want(c.call("account/read", `{}`).Get("result.account"), `{"type":"apiKey"}`)
	c.want(c.call("account/rateLimits/read", `null`).Get("error.message"), `"chatgpt authentication required to read rate limits"`)
	if status := c.turn(); status != "completed" {
		t.Error(status)
	}
	if r := d.model.requests(); len(r) != 1 || r[0] != "sk-PLANTED " {
		t.Errorf("%q", r)
	}
	c.want(c.call("account/logout", `null`).Get("result"), `{}`)
	c.want(c.wait("account/updated"), `{"authMode":null,"planType":null}`)
	d.noSecrets()
}

// TestAccountNowhere holds that no login is taken that nothing would keep.
func TestAccountNowhere(t *testing.T) {
	d := newDesk(t)
	d.write("config.toml", "cli_auth_credentials_store = \"ephemeral\"\n"+d.read("config.toml"))
	c := d.serve()
	c.want(c.call("account/login/start", `{"type":"apiKey","apiKey":"sk-x"}`).Get("error.message"), `"cli_auth_credentials_store is ephemeral: there is nowhere to keep a login"`)
	if _, errs, status := d.run("sk-PLANTED", "codex-login", "--with-api-key"); status != 0 || !strings.Contains(errs, "not kept") {
		t.Errorf("%d %s", status, errs)
	}
	d.noSecrets()
}

func TestAccountBrowser(t *testing.T) {
	d := newDesk(t)
	c := d.serve()
	first := c.call("account/login/start", `{"type":"chatgpt"}`).Get("result")
	c.want(c.call("account/login/cancel", `{"loginId":"00000000-0000-0000-0000-000000000000"}`).Get("result"), `{"status":"notFound"}`)
	c.want(c.call("account/login/cancel", fmt.Sprintf(`{"loginId":%q}`, first.Get("loginId").Str)).Get("result"), `{"status":"canceled"}`)
	if n := c.wait("account/login/completed"); n.Get("success").Bool() || n.Get("loginId").Str != first.Get("loginId").Str || n.Get("error").Str == "" {
		t.Error(n.Raw)
	}
	second := c.call("account/login/start", `{"type":"chatgpt"}`).Get("result")
	address, err := url.Parse(second.Get("authUrl").Str)
	if err != nil || address.Query().Get("originator") != "t" || second.Get("type").Str != "chatgpt" || address.Query().Get("client_id") != oauth.ClientID {
		t.Fatalf("%s, %v", second.Raw, err)
	}
	res, err := http.Get(address.String())
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	c.want(c.wait("account/login/completed"), fmt.Sprintf(`{"loginId":%q,"success":true,"error":null}`, second.Get("loginId").Str))
	c.want(c.wait("account/updated"), `{"authMode":"chatgpt","planType":"pro"}`)
	c.want(c.call("account/read", `{}`).Get("result"), `{"account":{"type":"chatgpt","email":"user@example.com","planType":"pro"},"requiresOpenaiAuth":true}`)
	if c.call("account/read", `{"refreshToken":true}`); len(d.service.Requests("/oauth/token")) != 2 {
		t.Error("no renewal")
	}
	refresh := gjson.Get(d.read("auth.json"), "tokens.refresh_token").Str
	c.want(c.call("account/logout", `null`).Get("result"), `{}`)
	if got := d.service.Revoked(); len(got) != 1 || got[0] != refresh {
		t.Errorf("revoked %q", got)
	}
	c.want(c.call("account/read", `{}`).Get("result.account"), `null`)
	d.noSecrets()
}

func TestAccountDevice(t *testing.T) {
	d := newDesk(t)
	c := d.serve()
	got := c.call("account/login/start", `{"type":"chatgptDeviceCode"}`).Get("result")
	if got.Get("verificationUrl").Str != d.service.URL+"/codex/device" || got.Get("userCode").Str != "ABCD-EFGH" {
		t.Error(got.Raw)
	}
	c.want(c.wait("account/login/completed"), fmt.Sprintf(`{"loginId":%q,"success":true,"error":null}`, got.Get("loginId").Str))
	c.want(c.wait("account/updated"), `{"authMode":"chatgpt","planType":"pro"}`)
	d.noSecrets()
}

// TestAccountTokens holds a client that signs in itself: its tokens are in no file, and a
// turn whose token is refused gets another one from it.
func TestAccountTokens(t *testing.T) {
	d := newDesk(t)
	c := d.serve()
	_, one, _ := d.service.Tokens()
	_, two, _ := d.service.Tokens()
	login := func(token string) gjson.Result {
		return c.call("account/login/start", fmt.Sprintf(`{"type":"chatgptAuthTokens","accessToken":%q,"chatgptAccountId":"acc1","chatgptPlanType":"pro"}`, token))
	}
	c.want(login("nonsense").Get("error.message"), `"failed to set external auth: invalid ID token format"`)
	c.want(login(one).Get("result"), `{"type":"chatgptAuthTokens"}`)
	c.want(c.wait("account/login/completed"), `{"loginId":null,"success":true,"error":null}`)
	c.want(c.wait("account/updated"), `{"authMode":"chatgptAuthTokens","planType":"pro"}`)
	c.want(c.call("account/login/start", `{"type":"apiKey","apiKey":"sk-x"}`).Get("error.message"),
		`"External auth is active. Use account/login/start (chatgptAuthTokens) to update it or account/logout to clear it."`)
	if status := c.turn(); status != "completed" || len(c.asked) != 0 {
		t.Errorf("%s, asked %d times", status, len(c.asked))
	}
	d.model.accept(func(token string) bool { return token == two })
	c.answers = []string{fmt.Sprintf(`{"accessToken":%q,"chatgptAccountId":"acc1","chatgptPlanType":"pro"}`, two)}
	if status := c.turn(); status != "completed" || len(c.asked) != 1 {
		t.Errorf("%s, asked %d times", status, len(c.asked))
	}
	c.want(c.asked[0], `{"reason":"unauthorized","previousAccountId":"acc1"}`)
	if status := c.turn(); status != "completed" { // the answer holds for other threads
		t.Error(status)
	}
	if got, want := strings.Join(d.model.requests(), "\n"), strings.Join([]string{one + " acc1", one + " acc1", two + " acc1", two + " acc1"}, "\n"); got != want {
		t.Errorf("asked with\n%s\nwant\n%s", got, want)
	}
	if files, err := filepath.Glob(filepath.Join(d.home, "auth.json")); err != nil || len(files) > 0 {
		t.Errorf("%q, %v", files, err)
	}
	c.want(c.call("account/logout", `null`).Get("result"), `{}`)
	c.want(c.call("account/read", `{}`).Get("result.account"), `null`)
	d.noSecrets()
}

// TestAccountUsage holds what the service says of limits against the wire, and that a
// refused token is renewed on the way.
func TestAccountUsage(t *testing.T) {
	d := newDesk(t)
	d.write("auth.json", d.service.AuthJSON())
	c := d.serve()
	old := gjson.Get(d.read("auth.json"), "tokens.access_token").Str
	d.model.accept(func(token string) bool { return token != old })
	c.want(c.call("account/rateLimits/read", `null`).Get("result"), `{"rateLimits":`+mainLimit+`,"rateLimitsByLimitId":{"codex":`+mainLimit+
		`,"codex_other":{"limitId":"codex_other","limitName":"spark","primary":{"usedPercent":88,"windowDurationMins":30,"resetsAt":1735693200},"secondary":null,"credits":null,"planType":"pro","rateLimitReachedType":null}}}`)
	c.want(c.call("account/sendAddCreditsNudgeEmail", `{"creditType":"credits"}`).Get("result"), `{"status":"sent"}`)
	want := []string{"GET /backend-api/wham/usage", "GET /backend-api/wham/usage", "POST /backend-api/wham/accounts/send_add_credits_nudge_email"}
	if got := d.model.backendRequests(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q", got)
	}
	d.noSecrets()
}

// mainLimit is what the original makes of the answer in desk_test.go.
const mainLimit = `{"limitId":"codex","limitName":null,"primary":{"usedPercent":42,"windowDurationMins":60,"resetsAt":1735689720},"secondary":{"usedPercent":5,"windowDurationMins":1440,"resetsAt":1735693200},"credits":{"hasCredits":true,"unlimited":false,"balance":"9.9"},"planType":"pro","rateLimitReachedType":"rate_limit_reached"}`

// TestAccountLeaves holds that a login ends with the server.
func TestAccountLeaves(t *testing.T) {
	d := newDesk(t)
	c := d.serve()
	address, err := url.Parse(c.call("account/login/start", `{"type":"chatgpt"}`).Get("result.authUrl").Str)
	if err != nil {
		t.Fatal(err)
	}
	back, err := url.Parse(address.Query().Get("redirect_uri"))
	if err != nil {
		t.Fatal(err)
	}
	c.in.Close()
	io.Copy(io.Discard, c.out)
	for end := time.Now().Add(time.Minute); ; { // the port is free again
		res, err := http.Get("http://" + back.Host + "/none")
		if err != nil {
			return
		}
		res.Body.Close()
		if time.Now().After(end) {
			t.Fatal("the login goes on")
		}
	}
}
