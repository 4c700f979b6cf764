package rules

import (
	"errors"
	"fmt"
	"strings"

	"go.starlark.net/starlark"

	"codex/pkg/execpolicy"
	"codex/pkg/shellwords"
)

// check are the examples of one call. They are held against its own rule once the whole
// file has run, because host_executable may come later.
type check struct {
	rule            execpolicy.PrefixRule
	start, end      execpolicy.Position
	match, notMatch [][]string
}

// examplesOf reads match and not_match: strings as a shell would split them, or lists of
// words.
func examplesOf(v starlark.Value) ([][]string, error) {
	if v == nil || v == starlark.None {
		return nil, nil
	}
	l, ok := v.(starlark.Indexable)
	if _, str := v.(starlark.String); !ok || str {
		return nil, fmt.Errorf("examples must be a list (got %s)", v.Type())
	}
	var out [][]string
	for i := range l.Len() {
		var argv []string
		switch e := l.Index(i).(type) {
		case starlark.String:
			var ok bool
			if argv, ok = shellwords.Split(string(e)); !ok {
				return nil, errors.New("example string has invalid shell syntax")
			}
			if len(argv) == 0 {
				return nil, errors.New("example cannot be an empty string")
			}
		case *starlark.List:
			for j := range e.Len() {
				w, ok := starlark.AsString(e.Index(j))
				if !ok {
					return nil, fmt.Errorf("example tokens must be strings (got %s)", e.Index(j).Type())
				}
				argv = append(argv, w)
			}
			if len(argv) == 0 {
				return nil, errors.New("example cannot be an empty list")
			}
		default:
			return nil, fmt.Errorf("example must be a string or list of strings (got %s)", e.Type())
		}
		out = append(out, argv)
	}
	return out, nil
}

// examples holds every rule's examples against it, those that must miss first.
func (b *builder) examples() error {
	var hosts []execpolicy.Rule
	for _, r := range b.rules {
		if r.Host != nil {
			hosts = append(hosts, r)
		}
	}
	for _, c := range b.checks {
		p := execpolicy.NewPolicy(append([]execpolicy.Rule{{Prefix: &c.rule}}, hosts...))
		fail := func(format string, a ...any) error {
			return &execpolicy.FileError{File: b.file, Start: c.start, End: c.end, Message: fmt.Sprintf(format, a...)}
		}
		for _, argv := range c.notMatch {
			if m := p.Match(argv, true); len(m) > 0 {
				return fail("expected example to not match rule %q: %s", m[0].Prefix, line(argv))
			}
		}
		var missed []string
		for _, argv := range c.match {
			if len(p.Match(argv, true)) == 0 {
				missed = append(missed, line(argv))
			}
		}
		if len(missed) > 0 {
			return fail("expected every example to match at least one rule; unmatched examples: %q", missed)
		}
	}
	return nil
}

func line(argv []string) string { return strings.Join(argv, " ") }
