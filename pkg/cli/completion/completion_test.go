package completion

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"codex/pkg/cli/options"
)

func sample() options.Set {
	return options.Set{
		Commands: []options.Command{
			{Path: "exec", Aliases: []string{"e"}, Help: "it's one turn"},
			{Path: "exec resume", Help: "go on: again"},
			{Path: "sandbox", Help: "run [one] command"},
		},
		Options: []options.Option{
			{Short: "-m", Long: "--model", Value: "MODEL", Help: "model"},
			{Command: "exec", Short: "-s", Long: "--sandbox", Value: "MODE", Choices: []string{"read-only", "workspace-write"}, Help: "what's allowed"},
			{Command: "exec", Long: "--json", Help: "events"},
			{Command: "exec", Short: "-C", Long: "--cd", Value: "DIR", Help: "where"},
			{Command: "exec", Short: "-o", Long: "--output", Value: "FILE", Help: "to"},
			{Command: "exec resume", Long: "--last", Help: "newest"},
			{Command: "exec", Long: "--hidden", Hidden: true},
		},
	}
}

// TestBash asks bash itself.
func TestBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	script, err := Script("bash", "codex", sample())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "script")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sub/x", "some.txt"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct{ line, want string }{
		{"codex ", "--model -m e exec sandbox"},
		{"codex ex", "exec"},
		{"codex exec --", "--cd --json --output --sandbox"},
		{"codex e --j", "--json"},
		{"codex -m x exec -s ", "read-only workspace-write"},
		{"codex exec --sandbox w", "workspace-write"},
		{"codex exec resume --", "--last"},
		{"codex e resume --l", "--last"},
		{"codex exec -C s", "sub"},
		{"codex exec -o s", "some.txt sub script"},
		{"codex -m ", ""},
		{"codex sandbox --", ""},
	} {
		words := strings.Split(tc.line, " ")
		cmd := exec.Command(bash, "--norc", "-c", `source ./script; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _codex; printf '%s\n' "${COMPREPLY[@]}"`, "bash")
		cmd.Args = append(cmd.Args, words...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", tc.line, err, out)
		}
		got, want := strings.Fields(string(out)), strings.Fields(tc.want)
		sort.Strings(got)
		sort.Strings(want)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q: %q, want %q", tc.line, got, want)
		}
	}
}

// TestFish asks fish itself.
func TestFish(t *testing.T) {
	fish, err := exec.LookPath("fish")
	if err != nil {
		t.Skip("no fish")
	}
	script, err := Script("fish", "codex", sample())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ line, want string }{
		{"codex ex", "exec"},
		{"codex exec --s", "--sandbox"},
		{"codex e --j", "--json"},
		{"codex exec --sandbox ", "read-only workspace-write"},
		{"codex exec resume --", "--last"},
	} {
		cmd := exec.Command(fish, "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", file, tc.line)
		cmd.Env = append(os.Environ(), "HOME="+filepath.Dir(file))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", tc.line, err, out)
		}
		var got []string
		for line := range strings.Lines(string(out)) {
			word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
			got = append(got, word)
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%q: %q, want %q", tc.line, got, tc.want)
		}
	}
}

// TestSyntax lets the shells that are there parse their scripts.
func TestSyntax(t *testing.T) {
	for _, shell := range Shells() {
		script, err := Script(shell, "codex", sample())
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"exec", "resume", "sandbox", "json", "workspace-write"} {
			if !strings.Contains(script, want) {
				t.Errorf("%s: no %q", shell, want)
			}
		}
		if strings.Contains(script, "hidden") {
			t.Errorf("%s: offers a hidden option", shell)
		}
		path, err := exec.LookPath(shell)
		if err != nil {
			t.Logf("%s is not here", shell)
			continue
		}
		cmd := exec.Command(path, "-n")
		cmd.Stdin = strings.NewReader(script)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", shell, err, out)
		}
	}
	if _, err := Script("tcsh", "codex", sample()); !errors.Is(err, ErrShell) {
		t.Errorf("tcsh: %v", err)
	}
}
