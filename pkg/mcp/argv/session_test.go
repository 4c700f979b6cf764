package argv

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"codex/pkg/config"
	"codex/pkg/shellwords"
)

// program is codex-mcp in a home folder of its own.
type program struct {
	t    *testing.T
	home string
	vars map[string]string

	stdin   string
	browser func(address string)
}

func newProgram(t *testing.T) *program {
	return &program{t: t, home: t.TempDir(), vars: map[string]string{}}
}

func (p *program) call(args ...string) (status int, stdout, stderr string) {
	p.t.Helper()
	var out, errs bytes.Buffer
	get := func(name string) string {
		if name == "CODEX_HOME" {
			return p.home
		}
		return p.vars[name]
	}
	status = Main(context.Background(), args, Process{Stdout: &out, Stderr: &errs, In: strings.NewReader(p.stdin), Environ: os.Environ(), Now: time.Now,
		Browser: func(address string) { p.browser(address) },
		Env:     config.Env{Get: get, Home: p.home, Cwd: p.home, UID: -1, SystemDir: filepath.Join(p.home, "etc")}})
	return status, out.String(), errs.String()
}

func (p *program) config() string {
	b, err := os.ReadFile(filepath.Join(p.home, "config.toml"))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

func (p *program) configure(text string) {
	if err := os.WriteFile(filepath.Join(p.home, "config.toml"), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// step is one command of testdata/session.log with what the original said to it.
type step struct {
	args           []string
	status         int
	stdout, stderr string
	before         string // a file that config.toml is replaced by
}

func readSession(t *testing.T) []step {
	b, err := os.ReadFile("testdata/session.log")
	if err != nil {
		t.Fatal(err)
	}
	var steps []step
	before := ""
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSuffix(line, "\n")
		mark, rest, _ := strings.Cut(line, " ")
		last := len(steps) - 1
		switch mark {
		case "<":
			before = rest
		case "$":
			words, ok := shellwords.Split(rest)
			if !ok {
				t.Fatal(line)
			}
			words = slices.DeleteFunc(words[1:], func(w string) bool { return w == "mcp" })
			steps, before = append(steps, step{args: words, before: before}), ""
		case "1>":
			steps[last].stdout += rest + "\n"
		case "2>":
			steps[last].stderr += rest + "\n"
		case "rc":
			steps[last].status = int(rest[0] - '0')
		}
	}
	return steps
}

// TestSession goes through what somebody did with the original, whose answers
// testdata/session.log has.
func TestSession(t *testing.T) {
	// Where we say it in words of our own: usage errors of the parser, help, and that a server
	// did not answer.
	own := []string{"", "list --bogus", "add h1 --url http://127.0.0.1:9/mcp"}
	// Without a keyring the original cannot say that there is no login.
	other := map[string]string{"logout hfull": "No OAuth credentials stored for 'hfull'.\n"}
	p := newProgram(t)
	steps := readSession(t)
	if len(steps) < 35 {
		t.Fatalf("%d steps", len(steps))
	}
	for _, s := range steps {
		if s.before != "" {
			b, err := os.ReadFile(filepath.Join("testdata", s.before))
			if err != nil {
				t.Fatal(err)
			}
			p.configure(string(b))
		}
		status, stdout, stderr := p.call(s.args...)
		if text, ok := other[strings.Join(s.args, " ")]; ok {
			s.status, s.stdout, s.stderr = 0, text, ""
		}
		if status != s.status {
			t.Errorf("%q: status %d, the original %d: %s", s.args, status, s.status, stderr)
		}
		if !sameText(stdout, s.stdout) {
			t.Errorf("%q prints\n%s\nthe original\n%s", s.args, stdout, s.stdout)
		}
		if stderr != s.stderr && !slices.Contains(own, strings.Join(s.args, " ")) {
			t.Errorf("%q complains\n%s\nthe original\n%s", s.args, stderr, s.stderr)
		}
	}
}

// sameText compares text, of which JSON may have its members in another order: the
// original's are in none.
func sameText(a, b string) bool {
	var ja, jb any
	if json.Unmarshal([]byte(a), &ja) != nil || json.Unmarshal([]byte(b), &jb) != nil {
		return a == b
	}
	return reflect.DeepEqual(ja, jb) && slices.Equal(sorted(a), sorted(b))
}

func sorted(text string) []string {
	l := strings.Split(text, "\n")
	for i := range l {
		l[i] = strings.TrimSuffix(l[i], ",")
	}
	slices.Sort(l)
	return l
}

// TestWritten holds what add writes against the file of the original, and that remove takes
// out what it is about. The original writes all other servers anew as well; here their
// comments, unknown keys and inline tables stay.
func TestWritten(t *testing.T) {
	p := newProgram(t)
	for _, args := range [][]string{
		{"add", "my-tool", "--", "my-command", "--flag", "a", "b c"},
		{"add", "envy", "--env", "A=1", "--env", "B=x=y", "--", "srv"},
		{"add", "h1", "--url", "http://127.0.0.1:9/mcp"},
		{"add", "h2", "--url", "http://127.0.0.1:9/mcp", "--bearer-token-env-var", "TOK"},
	} {
		if status, _, stderr := p.call(args...); status != 0 {
			t.Fatalf("%q: %s", args, stderr)
		}
	}
	want, err := os.ReadFile("testdata/added.toml")
	if err != nil {
		t.Fatal(err)
	}
	if got := p.config(); got != string(want) {
		t.Errorf("wrote\n%s\nthe original\n%s", got, want)
	}
	before, err := os.ReadFile("testdata/config.toml")
	if err != nil {
		t.Fatal(err)
	}
	p.configure(string(before))
	p.call("remove", "h1")
	h1 := "[mcp_servers.h1]\nurl = \"http://127.0.0.1:9/mcp\"\n\n"
	if got, want := p.config(), strings.Replace(string(before), h1, "", 1); got != want {
		t.Errorf("left\n%s\nwant\n%s", got, want)
	}
}

// TestReplace holds that add keeps a server's place and the comments of the file.
func TestReplace(t *testing.T) {
	for _, c := range []struct{ before, add, after string }{
		{"# mine\n[mcp_servers.a]\ncommand = \"x\" # note\nargs = [\"1\"]\n[mcp_servers.a.env]\nK = \"v\"\n\n[tui]\ntheme = \"t\"\n",
			"add a -- y",
			"# mine\n[mcp_servers.a]\ncommand = \"y\" # note\n[tui]\ntheme = \"t\"\n"},
		{"mcp_servers = { a = { command = \"x\", args = [\"1\"] } }\n", "add a --env-var K -- y z",
			"mcp_servers = { a = { command = \"y\", args = [\"z\"], env_vars = [\"K\"] } }\n"},
		{"[mcp_servers.a]\ncommand = \"x\"\n", "add a --url http://h/", "[mcp_servers.a]\nurl = \"http://h/\"\n"},
		{"model = \"m\"\r\n", "add a --env K=v -- y", "model = \"m\"\r\n\r\n[mcp_servers.a]\r\ncommand = \"y\"\r\n\r\n[mcp_servers.a.env]\r\nK = \"v\"\r\n"},
		{"[mcp_servers.a]\ncommand = \"x\"\n", "remove a", ""},
		{"[mcp_servers]\na.command = \"x\"\n[tui]\ntheme = \"t\"\n", "remove a", "[mcp_servers]\n[tui]\ntheme = \"t\"\n"},
	} {
		p := newProgram(t)
		p.configure(c.before)
		if status, _, stderr := p.call(strings.Fields(c.add)...); status != 0 {
			t.Errorf("%s: %s", c.add, stderr)
		}
		if got := p.config(); got != c.after {
			t.Errorf("%s: %q, want %q", c.add, got, c.after)
		}
	}
}

// TestRefused holds that what cannot be done changes nothing.
func TestRefused(t *testing.T) {
	const before = "[mcp_servers.a]\ncommand = \"x\"\nurl = \"http://h/\"\n"
	for _, args := range [][]string{{"list"}, {"add", "b", "--", "y"}, {"remove", "a"}, {"get", "a"}} {
		p := newProgram(t)
		p.configure(before)
		status, stdout, stderr := p.call(args...)
		if status != 1 || stdout != "" || !strings.HasPrefix(stderr, "Error: failed to load configuration\n\nCaused by:\n    0: "+filepath.Join(p.home, "config.toml")+":1:1: url is not supported for stdio\n") {
			t.Errorf("%q: %d %q %q", args, status, stdout, stderr)
		}
		if p.config() != before {
			t.Errorf("%q changed the file", args)
		}
	}
	p := newProgram(t)
	if status, _, stderr := p.call("add", "b", "--env-var", "A=B", "--", "y"); status != 2 || !strings.Contains(stderr, "--env-var") {
		t.Errorf("%d %s", status, stderr)
	}
}

// TestAddClient: what releases after 0.133.0 say of the client that logs in.
func TestAddClient(t *testing.T) {
	p := newProgram(t)
	const url = "http://127.0.0.1:9/mcp"
	status, stdout, stderr := p.call("add", "a", "--url", url, "--oauth-client-id", "cid", "--oauth-client-secret", "sec", "--oauth-resource", "http://r")
	if status != 0 || !strings.Contains(stdout, "OAuth callback URL: http://127.0.0.1/callback\n") {
		t.Fatalf("%d %s%s", status, stdout, stderr)
	}
	want := "[mcp_servers.a]\nurl = \"" + url + "\"\noauth_resource = \"http://r\"\n\n[mcp_servers.a.oauth]\nclient_id = \"cid\"\nclient_secret = \"sec\"\n"
	if got := p.config(); got != want {
		t.Errorf("wrote\n%s\nwant\n%s", got, want)
	}
	for _, c := range []struct{ args, want string }{
		{"add b --url " + url + " --oauth-client-secret s", "--oauth-client-id <ID>"},
		{"add b --oauth-client-id s -- true", "was not provided: url"},
		{"add b --url " + url + " --oauth-client-registration cimd", "address of its document"},
		{"login a --oauth-client-registration dcr", "there is one"},
		{"login a --oauth-client-registration other", "auto"},
	} {
		if status, _, stderr := p.call(strings.Fields(c.args)...); status != 2 || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: %d %s", c.args, status, stderr)
		}
	}
	if got := p.config(); got != want {
		t.Errorf("changed to\n%s", got)
	}
}
