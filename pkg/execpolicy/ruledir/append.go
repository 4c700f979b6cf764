package ruledir

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"codex/pkg/config"
	"codex/pkg/jsonrpc"
)

// Append adds a rule that allows commands that begin with prefix to home/rules/default.rules,
// unless the same line is there. See config.Update for others that do so at the same time.
func Append(ctx context.Context, home string, prefix []string) error {
	if len(prefix) == 0 {
		return errors.New("add rule: no words to begin with")
	}
	return appendLine(ctx, home, Line(prefix))
}

// AppendNetwork does the same with a rule about a host, in the words of network_rule.
func AppendNetwork(ctx context.Context, home, host, protocol, decision, why string) error {
	return appendLine(ctx, home, fmt.Sprintf("network_rule(host=%s, protocol=%s, decision=%s, justification=%s)",
		quote(host), quote(protocol), quote(decision), quote(why)))
}

func appendLine(ctx context.Context, home, line string) error {
	path := filepath.Join(home, "rules", "default.rules")
	err := config.Update(ctx, path, func(text string) (string, error) {
		for l := range strings.Lines(text) {
			if strings.TrimRight(l, "\r\n") == line {
				return text, nil
			}
		}
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		return text + line + "\n", nil
	})
	if err != nil {
		return fmt.Errorf("add rule: %w", err)
	}
	return nil
}

// Line is the rule that Append writes, without its newline.
func Line(prefix []string) string {
	words := make([]string, len(prefix))
	for i, w := range prefix {
		words[i] = quote(w)
	}
	return "prefix_rule(pattern=[" + strings.Join(words, ", ") + `], decision="allow")`
}

// quote is a JSON string, which Starlark reads as the same text.
func quote(s string) string { return string(jsonrpc.Quote(s)) }
