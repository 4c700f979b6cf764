//go:build unix

package captures

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

// rollouts gives the shape of each session file: the types of its lines, the members of
// their payloads, and kinds instead of values.
func (s *scene) rollouts(t *testing.T) any {
	files, err := filepath.Glob(filepath.Join(s.home, "sessions", "*", "*", "*", "*.jsonl"))
	check(t, err)
	sort.Strings(files)
	out := []any{}
	for _, p := range files {
		b, err := os.ReadFile(p)
		check(t, err)
		out = append(out, any(shapes(string(b))))
	}
	return plain(out)
}

func shapes(text string) []any {
	out := []any{}
	for _, line := range lines(text) {
		var v struct {
			Type    string
			Payload map[string]any
		}
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			out = append(out, "no JSON: "+line)
			continue
		}
		members := map[string]any{"": v.Type}
		for k, m := range v.Payload {
			members[k] = shape(k, m)
		}
		out = append(out, members)
	}
	return out
}

// shape is a value as its kinds: names with what is behind them. Of members that tell
// lines apart the value is kept.
func shape(name string, v any) string {
	switch v := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		var parts []string
		for _, k := range keys {
			shown := k
			if strings.HasPrefix(k, "/") || strings.HasPrefix(k, "$") {
				shown = "path"
			}
			parts = append(parts, shown+":"+shape(k, v[k]))
		}
		return "{" + strings.Join(parts, " ") + "}"
	case []any:
		var parts []string
		for _, e := range v {
			if p := shape("", e); len(parts) == 0 || parts[len(parts)-1] != p {
				parts = append(parts, p)
			}
		}
		return "[" + strings.Join(parts, " ") + "]"
	case string:
		switch name {
		case "type", "role", "phase", "status", "reason", "source", "mode", "originator", "name", "kind", "access":
			return v
		}
		return "s"
	case float64:
		return "0"
	case bool:
		return fmt.Sprint(v)
	}
	return "null"
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return fmt.Sprintf("%d bytes, sha256 %s", len(s), hex.EncodeToString(sum[:6]))
}
