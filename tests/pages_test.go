package tests

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"codex/man"
	"codex/pkg/cli/dispatch"
	"codex/pkg/cli/manpage"
	"codex/pkg/cli/options"
	"codex/tests/programs"
)

// folders lists our programs by the folders of their mains.
func folders(t *testing.T) []string {
	t.Helper()
	mains, err := filepath.Glob("../cmd/*/main.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range mains {
		names = append(names, filepath.Base(filepath.Dir(m)))
	}
	return names
}

// TestPageOptions holds every page against the options of its program, both ways.
func TestPageOptions(t *testing.T) {
	for _, program := range folders(t) {
		page := program + ".1"
		src, err := man.Read(page)
		if err != nil {
			t.Errorf("%s has no page %s", program, page)
			continue
		}
		if program == "apply_patch" {
			continue // its one argument is a patch, whatever it looks like
		}
		out, err := exec.Command(filepath.Join(binaries, program), options.ListFlag).Output()
		if err != nil {
			t.Errorf("%s %s: %v", program, options.ListFlag, err)
			continue
		}
		set, err := options.Read(bytes.NewReader(out))
		if err != nil {
			t.Errorf("%s %s: %v", program, options.ListFlag, err)
			continue
		}
		documented := pageOptions(string(src))
		var real []string
		for _, o := range set.Options {
			real = append(real, o.Names()...)
			if o.Help == "" {
				t.Errorf("%s: %s has no help", program, o.Usage())
			}
		}
		for _, name := range real {
			if !slices.Contains(documented, name) {
				t.Errorf("%s does not describe %s", page, name)
			}
		}
		for _, name := range documented {
			if !slices.Contains(real, name) {
				t.Errorf("%s describes %s, which %s does not have", page, name, program)
			}
		}
		for _, c := range set.Commands {
			word := c.Path[strings.LastIndexByte(c.Path, ' ')+1:]
			if !regexp.MustCompile(`(?m)^\.(It|Nm|Cm|Ss|Ic).*\b` + regexp.QuoteMeta(word) + `\b`).Match(src) {
				t.Errorf("%s does not describe the command %q", page, c.Path)
			}
		}
	}
}

// pageOptions gives the options in the tags of a page's lists: Fl x, Fl -long, Fl Fl long.
func pageOptions(src string) []string {
	var out []string
	tag := false // between ".It Xo" and ".Xc"
	for line := range strings.Lines(src) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, ".It") {
			tag = strings.HasSuffix(line, " Xo")
		} else if !tag {
			continue
		}
		if line == ".Xc" {
			tag = false
		}
		dashes := ""
		for _, f := range strings.Fields(strings.TrimPrefix(line, ".")) {
			switch {
			case f == "Fl":
				dashes += "-"
			case dashes != "" && regexp.MustCompile(`^-?[A-Za-z0-9]`).MatchString(f):
				out = append(out, dashes+f)
				dashes = ""
			default:
				dashes = ""
			}
		}
	}
	return out
}

// TestPagesNamed holds that references lead to pages that exist, or that belong to a
// program which the dispatcher's table calls planned.
func TestPagesNamed(t *testing.T) {
	ref := regexp.MustCompile(`(?m)^\.(?:It |Pq |Po )?Xr (codex[a-z-]*|apply_patch) (\d)`)
	for _, name := range man.Names() {
		src, err := man.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range ref.FindAllStringSubmatch(string(src), -1) {
			planned := slices.ContainsFunc(dispatch.Commands(), func(c dispatch.Command) bool { return c.Planned && c.Program == m[1] })
			if page := m[1] + "." + m[2]; !man.Has(page) && !planned {
				t.Errorf("%s refers to %s, which is not there", name, page)
			}
		}
	}
	for _, c := range dispatch.Commands() {
		if c.Page != "" && !man.Has(c.Page) {
			t.Errorf("codex help %s leads to %s, which is not there", c.Name, c.Page)
		}
	}
}

// TestTablePrograms holds the dispatcher's table against the mains: what is called
// planned has none yet, everything else has one.
func TestTablePrograms(t *testing.T) {
	have := folders(t)
	for _, c := range dispatch.Commands() {
		if c.Program != "" && slices.Contains(have, c.Program) == c.Planned {
			t.Errorf("%s: planned is %v, but cmd/%s is there: %v", c.Name, c.Planned, c.Program, c.Planned)
		}
	}
	for _, p := range have {
		if p != "codex" && !slices.ContainsFunc(dispatch.Commands(), func(c dispatch.Command) bool { return c.Program == p }) {
			t.Errorf("cmd/%s is not in the dispatcher's table", p)
		}
	}
}

// TestPageExamples runs the examples of every page, in order, in one folder a page: a
// copy of examples/demo as a git work tree, with the scripted model as the provider.
// Commands begin with "$ ". Comments before a display change how it is taken:
//
//	.\" untested: REASON    it is not run
//	.\" expect: REGEXP      its standard output must match
//	.\" status: N           and its exit status be N, not 0
func TestPageExamples(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash")
	}
	for _, name := range man.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, err := man.Read(name)
			if err != nil {
				t.Fatal(err)
			}
			examples, err := manpage.Examples(src)
			if err != nil {
				t.Fatal(err)
			}
			if len(examples) == 0 {
				if strings.HasSuffix(name, ".1") {
					t.Error("no examples")
				}
				return
			}
			desk := newDesk(t)
			for _, e := range examples {
				if section := filepath.Ext(name); section != ".1" && !strings.HasPrefix(e.Text, "$ ") {
					continue // formats and concepts show more than commands
				}
				runExample(t, desk, e)
			}
		})
	}
}

func runExample(t *testing.T, d desk, e manpage.Example) {
	status, expect := 0, ""
	for _, mark := range e.Marks {
		key, value, _ := strings.Cut(mark, ": ")
		switch key {
		case "untested":
			return
		case "expect":
			expect = value
		case "status":
			status, _ = strconv.Atoi(value)
		}
	}
	if !strings.HasPrefix(e.Text, "$ ") {
		t.Errorf("an example without a prompt; write \"$ command\", or say why it is untested:\n%s", e.Text)
		return
	}
	for _, command := range strings.Split("\n"+e.Text, "\n$ ")[1:] {
		stdout, stderr, got := d.bash(t, command)
		if got != status {
			t.Errorf("status %d, want %d:\n$ %s\n%s%s", got, status, command, tail(stdout), tail(stderr))
		}
		if ok, err := regexp.MatchString("(?s)"+expect, stdout); err != nil || !ok {
			t.Errorf("no match for %q (%v):\n$ %s\n%s", expect, err, command, tail(stdout))
		}
	}
}

func tail(s string) string { return s[max(0, len(s)-2000):] }

// desk is a place to type commands in: a work tree, a home, our programs.
type desk struct {
	dir string
	env []string
}

func newDesk(t *testing.T) desk {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git here, and the desk is a repository")
	}
	root := t.TempDir()
	d := desk{dir: filepath.Join(root, "work")}
	home, tools := filepath.Join(root, "home"), filepath.Join(root, "tools")
	for _, dir := range []string{filepath.Join(home, ".codex"), tools} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(d.dir, os.DirFS("../examples/demo")); err != nil {
		t.Fatal(err)
	}
	config := "model_provider = \"demo\"\n[model_providers.demo]\nname = \"demo\"\ncommand = [\"codex\", \"model\", \"replay\"]\n"
	for path, text := range map[string]string{
		filepath.Join(home, ".codex", "config.toml"): config,
		// Another machine, for examples that reach for one: this one.
		filepath.Join(tools, "ssh"):         "#!/bin/sh\nshift\nexec \"$@\"\n",
		filepath.Join(tools, "notify-send"): "#!/bin/sh\n",
		filepath.Join(d.dir, "requests.jsonl"): `{"method":"initialize","id":1,"params":{"clientInfo":{"name":"hand","version":"1"}}}` + "\n" +
			`{"method":"turn/start","id":2,"params":{"input":[{"type":"text","text":"the check fails"}]}}` + "\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	// Of ours only codex is on PATH, as install.sh leaves it. CODEX_ON_PATH names one that
	// was installed somehow.
	codex := os.Getenv("CODEX_ON_PATH")
	if codex == "" {
		codex = filepath.Join(binaries, "codex")
	}
	if err := os.Symlink(codex, filepath.Join(tools, "codex")); err != nil {
		t.Fatal(err)
	}
	d.env = append(programs.Environ(),
		"PATH="+strings.Join([]string{tools, os.Getenv("PATH")}, string(os.PathListSeparator)),
		"HOME="+home, "CODEX_HOME="+filepath.Join(home, ".codex"), "TMPDIR="+root, "LC_ALL=C.UTF-8", "TERM=dumb",
		"GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@example.org", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@example.org")
	for _, setup := range []string{"git init -q . && git add . && git commit -qm start"} {
		if out, errs, status := d.bash(t, setup); status != 0 {
			t.Fatalf("%s: %s%s", setup, out, errs)
		}
	}
	return d
}

// bash runs one command line, as typed, with nothing on standard input.
func (d desk) bash(t *testing.T, command string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-c", command)
	cmd.Dir, cmd.Env = d.dir, d.env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatalf("%s: %v", command, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}
