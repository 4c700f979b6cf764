package config

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"codex/pkg/jsonrpc"
)

// Change is one edit of config.toml.
type Change struct {
	// Path leads to the key.
	Path []string
	// Value is a string, bool, int, int64, float64, []string, or a map of
	// strings to such values (an inline table). nil removes the key, and a
	// table with everything in it.
	Value any
}

// Edit changes config.toml in a home folder. Only the touched keys change: comments, order,
// blank lines, line ends and a byte order mark stay. See Update.
func Edit(ctx context.Context, home string, changes ...Change) error {
	return EditFile(ctx, UserFile(home), changes...)
}

// EditFile is Edit for a file of another name.
func EditFile(ctx context.Context, path string, changes ...Change) error {
	return Update(ctx, path, func(text string) (string, error) {
		var err error
		for _, c := range changes {
			if text, err = Apply(text, c); err != nil {
				return "", err
			}
		}
		return text, nil
	})
}

// SetTrust stores a trust decision ("trusted" or "untrusted") for an absolute
// folder, in a table of its own: [projects."/abs"]. See Remember.
func SetTrust(ctx context.Context, home, dir, level string) (path string, err error) {
	return Remember(ctx, home, Change{[]string{"projects", projectKey(dir), "trust_level"}, level})
}

// Apply makes one change in a document.
func Apply(text string, c Change) (string, error) {
	if len(c.Path) == 0 {
		return "", errors.New("empty key")
	}
	if rest, marked := strings.CutPrefix(text, byteOrderMark); marked {
		out, err := Apply(rest, c)
		return byteOrderMark + out, err
	}
	if _, err := decode(text); err != nil {
		return "", err
	}
	d := newDoc(text)
	var out string
	var err error
	if c.Value == nil {
		out = d.remove(c.Path)
	} else {
		if err = d.expandProjects(c.Path); err == nil {
			out, err = d.set(c.Path, c.Value)
		}
	}
	if err != nil {
		return "", err
	}
	// What the editor made must read back as what was wanted.
	t, err := decode(out)
	if err != nil {
		return "", fmt.Errorf("cannot place key %s: %w", DottedKey(c.Path), err)
	}
	got := lookup(t, c.Path...)
	if s, ok := c.Value.(string); ok && got != s || c.Value == nil && got != nil || c.Value != nil && !reflect.DeepEqual(got, readBack(c.Value)) {
		return "", fmt.Errorf("cannot place key %s", DottedKey(c.Path))
	}
	return out, nil
}

// readBack is how a value looks after it was written and read.
func readBack(v any) any {
	t, err := decode("v = " + Encode(v))
	if err != nil {
		return nil
	}
	return t["v"]
}

// Encode writes a value as TOML, on one line.
func Encode(v any) string {
	switch v := v.(type) {
	case string:
		return quote(v)
	case []string:
		return encodeList(v)
	case []any:
		return encodeList(v)
	case map[string]string:
		return encodeTable(v)
	case map[string]any:
		return encodeTable(v)
	case float64:
		return strings.Replace(floatText(v), "NaN", "nan", 1)
	}
	return fmt.Sprint(v)
}

func encodeList[T any](v []T) string {
	l := make([]string, len(v))
	for i, x := range v {
		l[i] = Encode(x)
	}
	return "[" + strings.Join(l, ", ") + "]"
}

func encodeTable[T any](v map[string]T) string {
	if len(v) == 0 {
		return "{}"
	}
	var l []string
	for _, k := range slices.Sorted(maps.Keys(v)) {
		l = append(l, quoteKey(k)+" = "+Encode(v[k]))
	}
	return "{ " + strings.Join(l, ", ") + " }"
}

// quote writes a basic string, which is JSON's but for DEL.
func quote(s string) string {
	b, _ := jsonrpc.Marshal(s) // no string is refused
	return strings.ReplaceAll(string(b), "\x7f", `\u007F`)
}

// quoteKey writes a key: bare where that is allowed, literal for Windows paths.
func quoteKey(k string) string {
	bare := k != ""
	for i := 0; i < len(k); i++ {
		c := k[i]
		if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			bare = false
		}
	}
	switch {
	case bare:
		return k
	case strings.ContainsAny(k, `"\`) && !strings.ContainsFunc(k, func(r rune) bool { return r == '\'' || r < ' ' || r == 0x7f }):
		return "'" + k + "'"
	}
	return quote(k)
}

// DottedKey is the way to a key, as it may be written in front of an equals sign.
func DottedKey(path []string) string {
	l := make([]string, len(path))
	for i, k := range path {
		l[i] = quoteKey(k)
	}
	return strings.Join(l, ".")
}
