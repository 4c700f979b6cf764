package dispatch

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"codex/man"
)

// lay makes a folder with codex and the named programs in it, by paths relative to
// it, and gives the path of codex.
func lay(t *testing.T, programs ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, p := range append([]string{"bin/codex"}, programs...) {
		path := filepath.Join(root, p)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(p), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(root, "bin", "codex")
}

type result struct {
	status         int
	path           string   // of the program started, relative to the installation
	argv           []string // of it
	stdout, stderr string
}

func call(t *testing.T, self string, args ...string) result {
	t.Helper()
	root := filepath.Dir(filepath.Dir(self))
	var r result
	var out, errs bytes.Buffer
	r.status = Run(Call{Args: args, Self: self, Stdout: &out, Stderr: &errs,
		Env: []string{"PATH=" + filepath.Join(root, "path")},
		exec: func(path string, argv, env []string) (int, error) {
			r.path, _ = filepath.Rel(root, path)
			r.argv = argv
			return 7, nil
		}})
	r.stdout, r.stderr = out.String(), errs.String()
	return r
}

func TestDispatch(t *testing.T) {
	self := lay(t, "bin/codex-exec", "bin/codex-sandbox", "libexec/codex/codex-turn", "path/codex-foo",
		"path/codex-exec", "bin/apply_patch", "bin/codex-notify", "bin/codex-tui")
	for _, tc := range []struct {
		args string // words after codex, or from argv[0] on when it begins with @
		path string
		argv string
	}{
		{"exec hi", "bin/codex-exec", "codex-exec hi"},
		{"e hi", "bin/codex-exec", "codex-exec hi"},
		{"review --base x", "bin/codex-exec", "codex-exec review --base x"},
		{"-m X -s read-only -c a=b exec -c a=c hi", "bin/codex-exec", "codex-exec --model X --sandbox read-only --config a=b -c a=c hi"},
		{"-mX --model=Y -c=a=b exec", "bin/codex-exec", "codex-exec --model X --model Y --config a=b"},
		{"--enable f --yolo -m m review", "bin/codex-exec", "codex-exec --enable f --yolo --model m review"},
		{"-i a,b c exec p", "bin/codex-exec", "codex-exec --image=a --image=b --image=c p"},
		{"-a never --search exec p", "bin/codex-exec", "codex-exec --config approval_policy=never --config web_search=live p"},
		{"-a never --search turn", "libexec/codex/codex-turn", "codex-turn --ask-for-approval never --search"},
		{"sandbox linux -- true", "bin/codex-sandbox", "codex-sandbox linux -- true"},
		{"-c a=b debug landlock -- true", "bin/codex-sandbox", "codex-sandbox --config a=b linux -- true"},
		{"debug seatbelt --log-denials ls", "bin/codex-sandbox", "codex-sandbox macos --log-denials ls"},
		{"exec-server --listen stdio://", "bin/codex-sandbox", "codex-sandbox serve --listen stdio://"},
		{"-c a=b sandbox linux true", "bin/codex-sandbox", "codex-sandbox --config a=b linux true"},
		{"", "bin/codex-tui", "codex-tui"},
		{"--turn cmd -- exec", "bin/codex-tui", "codex-tui --turn cmd -- exec"},
		{"-m X resume --last", "bin/codex-tui", "codex-tui --model X resume --last"},
		{"foo -x y", "path/codex-foo", "codex-foo -x y"},
		{"--codex-run-as-apply-patch P more", "bin/apply_patch", "apply_patch P"},
		{"@/x/codex-exec --json hi", "bin/codex-exec", "/x/codex-exec --json hi"},
		{"@codex-e hi", "bin/codex-exec", "codex-e hi"},
		{"@applypatch P", "bin/apply_patch", "applypatch P"},
		{"@codex-linux-sandbox --x", "bin/codex-sandbox", "codex-linux-sandbox --x"},
		{"@codex-nightly exec hi", "bin/codex-exec", "codex-exec hi"},
	} {
		args := strings.Fields("codex " + tc.args)
		if strings.HasPrefix(tc.args, "@") {
			args = strings.Fields(tc.args[1:])
		}
		r := call(t, self, args...)
		if r.status != 7 || filepath.ToSlash(r.path) != tc.path || strings.Join(r.argv, " ") != tc.argv {
			t.Errorf("%s: status %d, %s %q, stderr %q", tc.args, r.status, r.path, r.argv, r.stderr)
		}
	}
}

// TestOptionsBehindPrompt holds that a prompt may come before the options.
func TestOptionsBehindPrompt(t *testing.T) {
	self := lay(t, "bin/codex-tui")
	r := call(t, self, "codex", "-s", "read-only", "fix it", "-m", "X")
	if want := []string{"codex-tui", "--sandbox", "read-only", "fix it", "-m", "X"}; r.status != 7 || !reflect.DeepEqual(r.argv, want) {
		t.Errorf("%+v, want %q", r, want)
	}
}

func TestRefusals(t *testing.T) {
	self := lay(t, "bin/codex-exec", "bin/codex-sandbox")
	for _, tc := range []struct {
		args   []string
		status int
		stderr string
	}{
		{[]string{"exce", "hi"}, 2, "tip: a similar subcommand exists: 'exec'"},
		{[]string{"frobnicate"}, 2, "tip: for a prompt of one word: codex -- frobnicate"},
		{[]string{"refactor"}, 2, "tip: for a prompt of one word: codex -- refactor"},
		{[]string{"frobnicate", "x"}, 2, "unrecognized subcommand 'frobnicate'"},
		{[]string{"--nope"}, 2, "unexpected argument '--nope' found"},
		{[]string{"--modle", "x"}, 2, "a similar argument exists: '--model'"},
		{[]string{"-m"}, 2, "a value is required for '--model <MODEL>'"},
		{[]string{"-m", "-s"}, 2, "a value is required"},
		{[]string{"--oss=x"}, 2, "unexpected value 'x' for '--oss'"},
		{[]string{"cloud", "list"}, 1, "codex: 'cloud' is not built yet in this version"},
		{[]string{"app-server", "daemon", "start"}, 127, "codex: codex-daemon not found in "},
		{[]string{"turn"}, 127, "codex: codex-turn not found in "},
		{[]string{}, 127, "codex: codex-tui not found in "},
		{[]string{"fix it", "now"}, 2, "unexpected argument 'now' found"},
		{[]string{"--remote", "ws://x", "exec", "hi"}, 1, "`--remote ws://x` is only supported for interactive TUI commands, not `codex exec`"},
		{[]string{"completion", "tcsh"}, 2, "invalid value 'tcsh'"},
		{[]string{"help", "diferences"}, 2, "a similar page exists: 'differences'"},
		{[]string{"help", "cloud"}, 1, "not built yet"},
	} {
		r := call(t, self, append([]string{"codex"}, tc.args...)...)
		if r.status != tc.status || !strings.Contains(r.stderr, tc.stderr) || r.stdout != "" || r.path != "" {
			t.Errorf("%q: %+v", tc.args, r)
		}
	}
	r := call(t, self, "codex", "-s", "workspace-write", "sandbox", "linux", "true")
	if r.status != 7 || !strings.Contains(r.stderr, "warning: --sandbox before 'sandbox' has no effect") || !reflect.DeepEqual(r.argv[1:], []string{"linux", "true"}) {
		t.Errorf("option without use: %+v", r)
	}
}

func TestPrinted(t *testing.T) {
	self := lay(t)
	for _, tc := range []struct{ args, want string }{
		{"--version", "codex-cli 0.133.0+unix."},
		{"-m x -V", "codex-cli 0.133.0+unix."},
		{"--help", "exec, e"},
		{"help", "not built yet in this version"},
		{"help codex", "EXIT STATUS"},
		{"help completion", "EXIT STATUS"}, // no page of its own
		{"help differences", "codex-differences"},
		{"help sandbox", "EXIT STATUS"},
		{"help 7 sandbox", "What is promised"},
		{"--list-options", "option\t-\t-m\t--model\tMODEL"},
		{"completion", "complete -o bashdefault"},
		{"completion zsh", "#compdef codex"},
		{"completion fish", "complete -c codex"},
	} {
		r := call(t, self, strings.Fields("codex "+tc.args)...)
		if r.status != 0 || !strings.Contains(r.stdout, tc.want) || r.stderr != "" {
			t.Errorf("%s: status %d, stderr %q, stdout %.300q", tc.args, r.status, r.stderr, r.stdout)
		}
	}
}

func TestStartFailure(t *testing.T) {
	self := lay(t, "bin/codex-exec")
	var errs bytes.Buffer
	status := Run(Call{Args: []string{"codex", "exec"}, Self: self, Stderr: &errs,
		exec: func(string, []string, []string) (int, error) { return 0, errors.New("no memory") }})
	if status != 126 || !strings.Contains(errs.String(), "codex-exec: no memory") {
		t.Errorf("%d %q", status, errs.String())
	}
}

// TestTable holds the table against itself: no name twice, a page for each command that
// has one, and no command without a program.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Commands() {
		for _, n := range append([]string{c.Name}, c.Aliases...) {
			if seen[n] {
				t.Errorf("%s is there twice", n)
			}
			seen[n] = true
		}
		if c.Help == "" || strings.HasSuffix(c.Help, ".") {
			t.Errorf("%s: help %q", c.Name, c.Help)
		}
		if c.Program == "" && c.Class != House {
			t.Errorf("%s has no program", c.Name)
		}
	}
	for _, name := range man.Names() {
		if _, err := man.Read(name); err != nil {
			t.Error(err)
		}
	}
}

func FuzzParseRoot(f *testing.F) {
	f.Add("-m", "x", "exec")
	f.Add("-i", "a,b", "--")
	f.Add("-c=", "--config=", "-")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		r, err := parseRoot([]string{a, b, c})
		if err == nil && len(r.words) > 3 {
			t.Errorf("words %q", r.words)
		}
	})
}
