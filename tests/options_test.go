package tests

import (
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"codex/tests/programs"
)

// TestOptionsKnown gives codex every option that the original has in one of its releases, with
// an option behind it that nobody has: the message has to be about that one, about the value, or
// to say what serves instead.
func TestOptionsKnown(t *testing.T) {
	text, err := os.ReadFile("testdata/options.txt")
	if err != nil {
		t.Fatal(err)
	}
	home, seen := t.TempDir(), 0
	var calls [][]string
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 3 {
			continue
		}
		var args []string
		if f[0] != "-" {
			args = strings.Fields(f[0])
		}
		if f[1] != "-" {
			args = append(args, f[1])
		}
		if f[2] == "=" {
			args = append(args, "1")
		}
		switch args = append(args, "--no-such-option"); f[1] { // these are refused where all that goes with them is known
		case "--startup-sign-out", "--print-startup-config", "--cloud-skills-snapshot", "--code-mode-host":
			args = args[:len(args)-1]
		}
		calls = append(calls, args)
		seen++
	}
	if seen < 500 {
		t.Fatalf("%d lines", seen)
	}
	var wg sync.WaitGroup
	for part := range slices.Chunk(calls, len(calls)/runtime.GOMAXPROCS(0)+1) {
		wg.Go(func() {
			for _, args := range part {
				if out := refusal(home, args); !about(out) {
					t.Errorf("codex %s: %s", strings.Join(args, " "), out)
				}
			}
		})
	}
	wg.Wait()
}

// refusal is what codex says of a command line.
func refusal(home string, args []string) string {
	cmd := exec.Command(binaries+"/codex", args...)
	cmd.Env, cmd.Dir = append(programs.Environ(), "CODEX_HOME="+home, "HOME="+home, "PATH="+os.Getenv("PATH")), home
	out, err := cmd.CombinedOutput()
	if err == nil {
		return "it went well: " + string(out)
	}
	return string(out)
}

// about says whether a refusal knows the option that was tried.
func about(out string) bool {
	return slices.ContainsFunc([]string{"--no-such-option", "invalid value", "invalid --sandbox-state-json value", "unsupported --listen URL",
		"Unknown feature flag", "is not part of this version", "is not built yet in this version"}, func(known string) bool { return strings.Contains(out, known) })
}
