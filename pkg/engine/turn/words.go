package turn

import (
	"slices"
	"strings"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// word checks a member that takes one of a few words; nil is none.
func word[T interface {
	~string
	Values() []string
}](v *T) error {
	if v == nil || slices.Contains((*v).Values(), string(*v)) {
		return nil
	}
	return unknownWord(string(*v), (*v).Values())
}

// approvalWord does the same for an approval policy.
func approvalWord(a *protocol.AskForApproval) error {
	if a == nil || a.Granular != nil {
		return nil
	}
	words := []string{"untrusted", "on-failure", "on-request", "never"}
	if slices.Contains(words, a.Mode) {
		return nil
	}
	return unknownWord(a.Mode, append(words, "granular"))
}

func unknownWord(got string, words []string) error {
	return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "Invalid request: unknown variant `%s`, expected one of `%s`", shorten(got), strings.Join(words, "`, `"))
}

// targetWord checks what a review is of.
func targetWord(t protocol.ReviewTarget) error {
	words := []string{protocol.ReviewTargetUncommittedChanges, protocol.ReviewTargetBaseBranch, protocol.ReviewTargetCommit, protocol.ReviewTargetCustom}
	switch {
	case t.Type == "":
		return missing("target")
	case !slices.Contains(words, t.Type):
		return unknownWord(t.Type, words)
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// shorten keeps what a client made up from filling an answer.
func shorten(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
