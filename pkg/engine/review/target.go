package review

import (
	"fmt"
	"strings"

	"codex/pkg/protocol"
)

// Git runs git in the work tree; ok is false when git does not know.
type Git func(args ...string) (out string, ok bool)

// Tidy trims what a target names; that must not be empty.
func Tidy(target *protocol.ReviewTarget) error {
	switch target.Type {
	case protocol.ReviewTargetUncommittedChanges:
	case protocol.ReviewTargetBaseBranch:
		return trim(&target.Branch, "branch")
	case protocol.ReviewTargetCommit:
		if target.Title != nil && trim(target.Title, "title") != nil {
			target.Title = nil
		}
		return trim(&target.Sha, "sha")
	case protocol.ReviewTargetCustom:
		return trim(&target.Instructions, "instructions")
	}
	return nil
}

func trim(s *string, name string) error {
	if *s = strings.TrimSpace(*s); *s == "" {
		return fmt.Errorf("%s must not be empty", name)
	}
	return nil
}

// Prompt asks for the review of a target.
func Prompt(target protocol.ReviewTarget, git Git) string {
	switch target.Type {
	case protocol.ReviewTargetUncommittedChanges:
		return uncommitted
	case protocol.ReviewTargetBaseBranch:
		return against(target.Branch, mergeBase(git, target.Branch))
	case protocol.ReviewTargetCommit:
		return ofCommit(target.Sha, protocol.Value(target.Title))
	}
	return target.Instructions
}

// mergeBase is where the branch and the work tree part: the branch's upstream counts when
// it is ahead. "" is when git does not know.
func mergeBase(git Git, branch string) string {
	if strings.HasPrefix(branch, "-") {
		return "" // no option of git's
	}
	if upstream, ok := git("rev-parse", "--abbrev-ref", "--symbolic-full-name", branch+"@{upstream}"); ok {
		if behind, ok := git("rev-list", "--count", branch+".."+upstream); ok && behind != "0" {
			branch = upstream
		}
	}
	base, ok := git("merge-base", "HEAD", branch)
	if !ok {
		return ""
	}
	return base
}
