package completion

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"codex/pkg/cli/options"
)

func sample() options.Set {
	return options.Set{
		Commands: []options.Command{
			{Path: "exec", Aliases: []string{"e"}, Help: "it's one turn"},
			{Path: "exec resume", Argument: "SESSION", Help: "go on: again"},
			{Path: "help", Argument: "exec sandbox differences", Help: "pages"},
			{Path: "sandbox", Help: "run [one] command"},
		},
		Options: []options.Option{
			{Short: "-m", Long: "--model", Value: "MODEL", Help: "model"},
			{Command: "exec", Short: "-s", Long: "--sandbox", Value: "MODE", Choices: []string{"read-only", "workspace-write"}, Help: "what's allowed"},
			{Command: "exec", Long: "--json", Help: "events"},
			{Command: "exec", Short: "-C", Long: "--cd", Value: "DIR", Help: "where"},
			{Command: "exec", Short: "-o", Long: "--output", Value: "FILE", Help: "to"},
			{Command: "exec resume", Long: "--last", Help: "newest"},
			{Command: "exec", Short: "-p", Long: "--profile", Value: "CONFIG_PROFILE", Help: "of config.toml"},
			{Command: "exec", Long: "--hidden", Hidden: true},
		},
	}
}

// desk is a folder with the script, some files and a program that lists words.
func desk(t *testing.T, shell string) (dir string, env []string) {
	t.Helper()
	script, err := Script(shell, "codex", sample())
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for name, text := range map[string]string{
		"script": script, "sub/x": "", "some.txt": "",
		"bin/codex": "#!/bin/sh\n[ \"$1 $2\" = 'exec --list-words' ] || exit 1\n" +
			"case $3 in sessions) printf '%s\\t%s\\n' id-2 'fix: it' id-1 first ;; profiles) echo work; echo play ;; esac\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir, append(os.Environ(), "HOME="+dir, "PATH="+filepath.Join(dir, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// offers are command lines and what any shell offers at their ends.
func offers() map[string]string {
	return map[string]string{
		"codex ex":               "exec",
		"codex e --j":            "--json",
		"codex -m x exec -s ":    "read-only workspace-write",
		"codex exec --sandbox w": "workspace-write",
		"codex exec --sandbox=w": "workspace-write",
		"codex exec --sandbox=":  "read-only workspace-write",
		"codex exec resume --":   "--last",
		"codex e resume --l":     "--last",
		"codex exec resume i":    "id-2 id-1",
		"codex exec -p ":         "play work",
		"codex exec --profile=w": "work",
		"codex exec --profile p": "play",
		"codex help ":            "differences exec sandbox",
		"codex help d":           "differences",
	}
}

func hold(t *testing.T, line, out, want string) {
	t.Helper()
	got, words := strings.Fields(out), strings.Fields(want)
	if !strings.Contains(want, "id-") { // their order says which is newer
		sort.Strings(got)
		sort.Strings(words)
	}
	if fmt.Sprint(got) != fmt.Sprint(words) {
		t.Errorf("%q: %q, want %q", line, got, want)
	}
}

// TestBash asks bash itself.
func TestBash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	dir, env := desk(t, "bash")
	lines := offers()
	for line, want := range map[string]string{
		"codex ":           "--model -m e exec help sandbox",
		"codex exec --":    "--cd --json --output --profile --sandbox",
		"codex exec -C s":  "sub",
		"codex exec -o s":  "some.txt sub script",
		"codex exec -o=s":  "some.txt sub script",
		"codex -m ":        "",
		"codex sandbox --": "",
	} {
		lines[line] = want
	}
	for line, want := range lines {
		// As readline does it, "=" is a word of its own.
		words := strings.Split(strings.ReplaceAll(line, "=", " = "), " ")
		if strings.HasSuffix(line, "=") {
			words = words[:len(words)-1]
		}
		complete := func(words []string) string {
			cmd := exec.Command(bash, "--norc", "-c", `source ./script; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _codex; printf '%s\n' "${COMPREPLY[@]}"`, "bash")
			cmd.Args = append(cmd.Args, words...)
			cmd.Dir, cmd.Env = dir, env
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v\n%s", line, err, out)
			}
			return string(out)
		}
		hold(t, line, complete(words), want)
		// Without "=" among COMP_WORDBREAKS it stays in its word, and so does the answer.
		if option, _, ok := strings.Cut(line[strings.LastIndexByte(line, ' ')+1:], "="); ok && strings.HasPrefix(option, "--") {
			var glued []string
			for _, w := range strings.Fields(want) {
				glued = append(glued, option+"="+w)
			}
			hold(t, line, complete(strings.Split(line, " ")), strings.Join(glued, " "))
		}
	}
}

// TestZsh asks an interactive zsh.
func TestZsh(t *testing.T) {
	zsh, err := exec.LookPath("zsh")
	if err != nil {
		t.Skip("no zsh")
	}
	capture, err := filepath.Abs("testdata/capture.zsh")
	if err != nil {
		t.Fatal(err)
	}
	dir, env := desk(t, "zsh")
	all := offers()
	for _, line := range []string{"codex e --j", "codex -m x exec -s ", "codex exec --sandbox=w", "codex exec resume i", "codex exec --profile=w", "codex help d"} {
		want := all[line]
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		cmd := exec.CommandContext(ctx, zsh, "-f", capture, filepath.Join(dir, "script"), line)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		cancel()
		if cmd.ProcessState.ExitCode() == 77 {
			t.Skip("zsh has no zpty")
		}
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		hold(t, line, string(out), want)
	}
}

// TestFish asks fish itself.
func TestFish(t *testing.T) {
	fish, err := exec.LookPath("fish")
	if err != nil {
		t.Skip("no fish")
	}
	dir, env := desk(t, "fish")
	for line, want := range offers() {
		cmd := exec.Command(fish, "--no-config", "-c", "source script; complete -C $argv[1]", line)
		cmd.Dir, cmd.Env = dir, append(env, "LC_ALL=C.UTF-8") // in C it finds nothing in a folder like "ä"
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		var got []string
		for offer := range strings.Lines(string(out)) {
			word, _, _ := strings.Cut(strings.TrimSpace(offer), "\t")
			_, word, _ = strings.Cut("="+word, "=") // --option=value comes whole
			got = append(got, word[strings.LastIndexByte(word, '=')+1:])
		}
		hold(t, line, strings.Join(got, " "), want)
	}
}

// TestElvish calls the function that elvish would: only an interactive one has the editor, so
// its part of the namespace stands in.
func TestElvish(t *testing.T) {
	elvish, err := exec.LookPath("elvish")
	if err != nil {
		t.Skip("no elvish")
	}
	dir, env := desk(t, "elvish")
	script, err := os.ReadFile(filepath.Join(dir, "script"))
	if err != nil {
		t.Fatal(err)
	}
	editor := "use str\nvar edit: = (ns [&completion:=(ns [&arg-completer=[&]]) &complete-filename~={|w| put some.txt }])\n"
	call := "\n$edit:completion:arg-completer[codex] $@args | each {|w| if (str:has-prefix $w $args[-1]) { echo $w } }\n"
	for line, want := range offers() {
		if strings.Contains(line, "=") {
			continue // elvish has no completion behind an equals sign
		}
		cmd := exec.Command(elvish, "-norc", "-c", editor+string(script)+call)
		cmd.Args = append(cmd.Args, strings.Split(line, " ")...)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		hold(t, line, string(out), want)
	}
}

// TestPowerShell asks PowerShell itself.
func TestPowerShell(t *testing.T) {
	pwsh, err := exec.LookPath("pwsh")
	if err != nil {
		t.Skip("no pwsh")
	}
	dir, env := desk(t, "powershell")
	for line, want := range offers() {
		if strings.Contains(line, "=") {
			continue
		}
		cmd := exec.Command(pwsh, "-NoProfile", "-Command", ". ([scriptblock]::Create((Get-Content -Raw script))); "+
			"(TabExpansion2 -inputScript '"+line+"' -cursorColumn "+fmt.Sprint(len(line))+").CompletionMatches.CompletionText")
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
		hold(t, line, string(out), want)
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
		if err != nil || shell == "elvish" || shell == "powershell" { // TestElvish, TestPowerShell
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
