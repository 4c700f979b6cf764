package review

import (
	"strings"
	"testing"

	"codex/pkg/protocol"
)

// The branch's upstream counts when it is ahead; a branch that looks like an option of
// git's is not given to it.
func TestPrompt(t *testing.T) {
	answers := map[string]string{
		"rev-parse --abbrev-ref --symbolic-full-name main@{upstream}": "origin/main",
		"rev-list --count main..origin/main":                          "2",
		"merge-base HEAD origin/main":                                 "abc",
		"rev-parse --abbrev-ref --symbolic-full-name old@{upstream}":  "origin/old",
		"rev-list --count old..origin/old":                            "0",
		"merge-base HEAD old":                                         "def",
	}
	git := func(args ...string) (string, bool) {
		if strings.Contains(strings.Join(args, " "), " -x") {
			t.Errorf("git %v", args)
		}
		out, ok := answers[strings.Join(args, " ")]
		return out, ok
	}
	title := "Mend"
	for _, c := range []struct {
		target protocol.ReviewTarget
		want   string
	}{
		{protocol.ReviewTarget{Type: protocol.ReviewTargetBaseBranch, Branch: "main"}, "`git diff abc`"},
		{protocol.ReviewTarget{Type: protocol.ReviewTargetBaseBranch, Branch: "old"}, "`git diff def`"},
		{protocol.ReviewTarget{Type: protocol.ReviewTargetBaseBranch, Branch: "none"}, "`git merge-base HEAD 'none'`"},
		{protocol.ReviewTarget{Type: protocol.ReviewTargetBaseBranch, Branch: "-x"}, "'-x'"},
		{protocol.ReviewTarget{Type: protocol.ReviewTargetCommit, Sha: "1a", Title: &title}, `commit 1a ("Mend")`},
		{protocol.ReviewTarget{Type: protocol.ReviewTargetCustom, Instructions: "look"}, "look"},
		{protocol.ReviewTarget{Type: protocol.ReviewTargetUncommittedChanges}, "untracked"},
	} {
		if got := Prompt(c.target, git); !strings.Contains(got, c.want) {
			t.Errorf("%+v: %q", c.target, got)
		}
	}
}
