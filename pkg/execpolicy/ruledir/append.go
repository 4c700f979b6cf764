package ruledir

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

const lockEvery = 20 * time.Millisecond // while another process holds the lock

// Append adds a rule that allows commands that begin with prefix to home/rules/default.rules,
// unless the same line is there. Processes that do so at the same time wait for each other
// at a file beside it.
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
	dir := filepath.Join(home, "rules")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("add rule: %w", err)
	}
	path := filepath.Join(dir, "default.rules")
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, lockEvery); err != nil {
		return fmt.Errorf("add rule: lock %s: %w", lock.Path(), err)
	}
	defer lock.Close()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("add rule: %w", err)
	}
	defer f.Close()
	old, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("add rule: %w", err)
	}
	for l := range bytes.Lines(old) {
		if string(bytes.TrimRight(l, "\r\n")) == line {
			return nil
		}
	}
	if len(old) > 0 && old[len(old)-1] != '\n' {
		line = "\n" + line
	}
	if _, err := f.WriteString(line + "\n"); err != nil {
		return fmt.Errorf("add rule: %w", err)
	}
	return f.Close()
}

// Line is the rule that Append writes, without its newline.
func Line(prefix []string) string {
	words := make([]string, len(prefix))
	for i, w := range prefix {
		words[i] = quote(w)
	}
	return "prefix_rule(pattern=[" + strings.Join(words, ", ") + `], decision="allow")`
}

// quote is a JSON string that Starlark reads as the same text: of the escapes of JSON it
// lacks \/ and pairs of surrogates, which are not used.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			if r < ' ' || r == 0x7f {
				fmt.Fprintf(&b, `\u%04x`, r)
			} else {
				b.WriteRune(r)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}
