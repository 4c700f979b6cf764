package approvals

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// captured is a row of the captures in pkg/execpolicy/testdata.
type captured struct {
	Name, Policy, Sandbox, Kind, Cmd string
	Escalate                         bool
	Justification                    string
	Prefix                           []string
	Login, TTY                       *bool
	Workdir                          string
	Answer                           json.RawMessage
	Asked                            *struct {
		Reason    string
		Amendment []string
	}
	Status      string
	Ran, Output string
}

func captures(t *testing.T, file string) []captured {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "pkg", "execpolicy", "testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var out []captured
	for l := range bytes.Lines(b) {
		var r captured
		if err := json.Unmarshal(l, &r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func (r captured) call() call {
	args := map[string]any{"cmd": r.Cmd}
	if r.Escalate {
		args["sandbox_permissions"] = "require_escalated"
		if r.Kind != "" {
			r.Justification = "May I?"
		}
	}
	if r.Justification != "" {
		args["justification"] = r.Justification
	}
	if r.Prefix != nil {
		args["prefix_rule"] = r.Prefix
	}
	if r.Login != nil {
		args["login"] = *r.Login
	}
	if r.TTY != nil {
		args["tty"] = *r.TTY
	}
	if r.Workdir != "" {
		args["workdir"] = r.Workdir
	}
	return call{Args: args, Ends: string(r.Answer) == `"cancel"`}
}

// approvalPolicy is the value of thread/start for a name of the captures.
func approvalPolicy(name string) any {
	word, flags, granular := strings.Cut(name, "(")
	if !granular {
		return word
	}
	return map[string]any{"granular": map[string]bool{"sandbox_approval": flags != "sandbox=false)", "rules": flags != "rules=false)",
		"mcp_elicitations": true, "skill_approval": true, "request_permissions": true}}
}

const matrixRules = `prefix_rule(pattern=["sed", "-E"])
prefix_rule(pattern=["sed", "-u"], decision="prompt", justification="ask first")
prefix_rule(pattern=["sed", "-s"], decision="forbidden", justification="use sed -E instead")
`

// TestMatrix puts every kind of command to every policy and sandbox, and answers accept
// .
func TestMatrix(t *testing.T) {
	sandboxWorks(t)
	groups := map[string][]captured{}
	rows := captures(t, "matrix.jsonl")
	if len(rows) != 231 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, r := range rows {
		groups[r.Policy+" "+r.Sandbox] = append(groups[r.Policy+" "+r.Sandbox], r)
	}
	for name, rows := range groups {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := furnish(t)
			s.write("home/rules/default.rules", matrixRules)
			var calls []call
			for _, r := range rows {
				calls = append(calls, r.call())
			}
			if l := s.start(approvalPolicy(rows[0].Policy), rows[0].Sandbox, calls); l.Error != nil {
				t.Fatal(l.Error.Message)
			}
			asked := make([][]question, len(rows))
			for i := range rows {
				asked[i], _ = s.turn("accept")
			}
			told := s.end()
			for i, r := range rows {
				compare(t, r, asked[i], told[fmt.Sprintf("c%d", i)])
			}
		})
	}
}

// compare holds what happened to a command against its row.
func compare(t *testing.T, r captured, asked []question, told string) {
	t.Helper()
	how := ran(told)
	name := strings.TrimSpace(r.Name + " " + r.Kind)
	switch {
	case r.Ran == "failed":
		return // whether the original notices in time that the sandbox was in the way is a race
	case r.Ran == "" && (how != "" || !strings.HasSuffix(told, r.Output)):
		t.Errorf("%s: %s, the model hears %q; the original says %q", name, how, told, r.Output)
	case r.Ran == "yes":
		if how != "" || !strings.HasPrefix(told, "Chunk ID: ") {
			t.Errorf("%s did not run: %q", name, told)
		}
	case how != r.Ran:
		t.Errorf("%s ran %q (%q), in the original %q", name, how, told, r.Ran)
	}
	if r.Asked == nil {
		if len(asked) > 0 {
			t.Errorf("%s: asked %+v, the original does not", name, asked)
		}
		return
	}
	if len(asked) != 1 || asked[0].Reason != r.Asked.Reason || !slices.Equal(asked[0].ProposedExecpolicyAmendment, r.Asked.Amendment) {
		t.Errorf("%s: asked %+v, the original once, %+v", name, asked, *r.Asked)
		return
	}
	want := []string{"accept", "cancel"}
	if a := r.Asked.Amendment; a != nil {
		want = []string{"accept", "acceptWithExecpolicyAmendment: " + strings.Join(a, " "), "cancel"}
	}
	var got []string
	for _, d := range asked[0].AvailableDecisions {
		got = append(got, offer(d))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: offers %q, the original %q", name, got, want)
	}
}

// offer is one of the decisions that the user may take, in a line.
func offer(d json.RawMessage) string {
	var word string
	if json.Unmarshal(d, &word) == nil {
		return word
	}
	var v struct {
		AcceptWithExecpolicyAmendment struct {
			Words []string `json:"execpolicy_amendment"`
		}
	}
	if err := json.Unmarshal(d, &v); err != nil {
		return string(d)
	}
	return "acceptWithExecpolicyAmendment: " + strings.Join(v.AcceptWithExecpolicyAmendment.Words, " ")
}

// TestCases plays single commands and the user's answers in one session a policy: what
// the session remembers, what an amendment changes, what is shown for odd scripts.
func TestCases(t *testing.T) {
	sandboxWorks(t)
	all := captures(t, "cases.jsonl")
	if len(all) != 44 {
		t.Fatalf("%d rows", len(all))
	}
	for _, policy := range []string{"untrusted", "on-request"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			s := furnish(t)
			var rows []captured
			var calls []call
			for _, r := range all {
				if r.Policy == policy {
					rows, calls = append(rows, r), append(calls, r.call())
				}
			}
			if l := s.start(policy, "workspace-write", calls); l.Error != nil {
				t.Fatal(l.Error.Message)
			}
			asked := make([][]question, len(rows))
			status := make([]string, len(rows))
			for i, r := range rows {
				asked[i], status[i] = s.turn(r.Answer)
			}
			told := s.end()
			_, gitless := exec.LookPath("git")
			for i, r := range rows {
				if gitless != nil && strings.HasPrefix(r.Name, "git ") {
					t.Logf("%s: no git here", r.Name)
					continue
				}
				if policy == "untrusted" && slices.Contains([]string{"glob", "brace", "escape", "abs path ls", "evil path ls"}, r.Name) {
					if len(asked[i]) == 0 {
						t.Errorf("%s: not asked about", r.Name) // as the original does
					}
					continue
				}
				if status[i] != r.Status {
					t.Errorf("%s: turn %s, in the original %s", r.Name, status[i], r.Status)
				}
				if r.Status == "interrupted" {
					continue // the original's capture shows the call before
				}
				compare(t, r, asked[i], told[fmt.Sprintf("c%d", i)])
			}
			if policy == "untrusted" {
				if got, want := s.read("home/rules/default.rules"), `prefix_rule(pattern=["sed", "-n"], decision="allow")`+"\n"; got != want {
					t.Errorf("rules file %q, want %q", got, want)
				}
			}
		})
	}
}
