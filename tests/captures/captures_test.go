//go:build unix

package captures

import (
	"flag"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestCaptures puts every case to our codex, and compares with what the original did.
func TestCaptures(t *testing.T) {
	if out, err := exec.Command(filepath.Join(binaries, "codex"), "sandbox", "linux", "true").CombinedOutput(); err != nil {
		t.Skipf("most cases run commands, and there is no sandbox here: %v\n%s", err, out)
	}
	ds := loadDifferences(t)
	names, err := suites()
	check(t, err)
	seen := map[string]bool{}
	t.Run("suites", func(t *testing.T) {
		for _, suite := range names {
			cases, err := loadCases(suite)
			check(t, err)
			wants, err := loadWants(suite)
			check(t, err)
			for _, c := range cases {
				if seen[c.Name] {
					t.Errorf("two cases %s", c.Name)
				}
				seen[c.Name] = true
			}
			if *peer != "" && *record {
				if suite == "captures" {
					continue // made earlier, and not all of it can be had again
				}
				recordSuite(t, suite, cases, wants)
				continue
			}
			for _, c := range cases {
				t.Run(c.Name, func(t *testing.T) {
					t.Parallel()
					one(t, c, wants[c.Name], ds)
				})
			}
		}
	})
	_, err = exec.LookPath("git") // without it the cases that run in a repository are left out
	if f := flag.Lookup("test.run"); f.Value.String() == "" && *peer == "" && !t.Failed() && err == nil {
		for _, u := range ds.unused() {
			t.Errorf("differences.json: no case needs %s", u)
		}
	}
}

func one(t *testing.T, c *Case, want any, ds *differences) {
	if why := ds.leaves(c.Name); why != "" {
		t.Skip(why)
	}
	if c.Signal == "HUP" && signal.Ignored(syscall.SIGHUP) {
		t.Skip("hang-ups are ignored here, as under nohup(1)")
	}
	if *peer != "" {
		want = original(t, c)
	}
	if want == nil {
		t.Fatal("no answer of the original is stored: run with -peer PROGRAM -record")
	}
	got := plain(perform(t, c, filepath.Join(binaries, "codex"))).(map[string]any)
	for k := range got {
		if _, ok := want.(map[string]any)[k]; !ok {
			delete(got, k) // an older capture that did not look there
		}
	}
	found := compare("", pruned(c, want), pruned(c, got))
	for _, d := range ds.without(c.Name, found) {
		t.Errorf("%s", d)
	}
}

// pruned leaves out what a case does not compare, and what an answer does not have.
func pruned(c *Case, answer any) any {
	a := answer.(map[string]any)
	if len(c.Check) == 0 {
		return a
	}
	keep := " " + strings.Join(c.Check, " ") + " "
	out := map[string]any{}
	for k, v := range a {
		if k != "runs" && strings.Contains(keep, " "+k+" ") {
			out[k] = v
		}
	}
	runs := []any{}
	for _, r := range a["runs"].([]any) {
		m, ok := r.(map[string]any)
		if !ok {
			runs = append(runs, nil)
			continue
		}
		kept := map[string]any{}
		for k, v := range m {
			if strings.Contains(keep, " "+k+" ") {
				kept[k] = v
			}
		}
		runs = append(runs, kept)
	}
	out["runs"] = runs
	return out
}

// original asks the original, again if it lost something on the way.
func original(t *testing.T, c *Case) any {
	a := plain(perform(t, c, *peer))
	for n := 1; n < 6 && lost(a); n++ {
		a = plain(perform(t, c, *peer))
	}
	return a
}

// lost says whether the end or the output of some command is missing, as it is by chance
// in the original's answers.
func lost(answer any) bool {
	open, shown := 0, ""
	late := false // a message came while a command was open
	for _, r := range answer.(map[string]any)["runs"].([]any) {
		m, ok := r.(map[string]any)
		if !ok {
			continue
		}
		for _, e := range append(m["stdout"].([]any), m["stderr"].([]any)...) {
			ev, _ := e.(map[string]any)
			it, _ := ev["item"].(map[string]any)
			if it["type"] == "agent_message" && open > 0 {
				late = true
			}
			if text, ok := e.(string); ok && text == "exec" {
				open++
			} else if ok && (strings.HasPrefix(text, " succeeded in") || strings.HasPrefix(text, " exited ")) {
				open--
			}
			if it["type"] != "command_execution" {
				continue
			}
			if open++; ev["type"] == "item.completed" {
				open -= 2
			}
			if out, ok := it["aggregated_output"].(string); ok {
				shown += " " + out
			}
		}
		for _, q := range m["requests"].([]any) {
			for _, in := range q.(map[string]any)["input"].([]any) {
				text, _ := in.(map[string]any)["output"].(string)
				if _, out, ok := strings.Cut(text, "\nOutput:\n"); ok && strings.HasPrefix(text, "Chunk ID") {
					if strings.HasPrefix(out, "Total output lines") {
						_, out, _ = strings.Cut(out, "\n\n")
						out = out[:min(len(out), 1)]
					}
					if !strings.Contains(shown, out) {
						return true
					}
				}
			}
		}
	}
	return open != 0 || late
}

// recordSuite asks the original, and stores what it does.
func recordSuite(t *testing.T, suite string, cases []*Case, wants map[string]any) {
	type pair struct {
		name   string
		answer any
	}
	answers := make(chan pair, len(cases))
	t.Run(suite, func(t *testing.T) {
		for _, c := range cases {
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				answers <- pair{c.Name, pruned(c, original(t, c))}
			})
		}
	})
	close(answers)
	known := map[string]bool{}
	for _, c := range cases {
		known[c.Name] = true
	}
	for name := range wants {
		if !known[name] {
			delete(wants, name)
		}
	}
	for p := range answers {
		// Session files are compared with a living original only: there is no end of them.
		delete(p.answer.(map[string]any), "rollout")
		wants[p.name] = p.answer
	}
	check(t, storeWants(suite, wants))
}
