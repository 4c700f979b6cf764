package rules

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"codex/pkg/execpolicy"
)

// builder collects the rules of one file.
type builder struct {
	file   string
	src    source
	calls  map[[2]int32][2]syntax.Position
	thread *starlark.Thread // of the call at hand
	rules  []execpolicy.Rule
	checks []check
}

// here is the begin of the call at hand, and its end.
func (b *builder) here() (start, end execpolicy.Position) { return b.span(b.thread.CallFrame(1).Pos) }

func (b *builder) place() execpolicy.Place {
	start, _ := b.here()
	return execpolicy.Place{File: b.file, Line: start.Line}
}

func (b *builder) prefixRule(fn *starlark.Builtin, args starlark.Tuple, kw []starlark.Tuple) error {
	var pattern *starlark.List
	var decision, justification text
	var match, notMatch starlark.Value
	if err := starlark.UnpackArgs(fn.Name(), args, kw, "pattern", &pattern, "decision?", &decision,
		"match?", &match, "not_match?", &notMatch, "justification?", &justification); err != nil {
		return err
	}
	r := execpolicy.PrefixRule{Place: b.place()}
	var err error
	if err = decision.verdict(&r.Decision); err != nil {
		return err
	}
	if r.Justification, err = justification.reason(); err != nil {
		return err
	}
	if r.Pattern, err = patternOf(pattern); err != nil {
		return fmt.Errorf("invalid pattern element: %w", err)
	}
	c := check{rule: r}
	c.start, c.end = b.here()
	if c.match, err = examplesOf(match); err == nil {
		c.notMatch, err = examplesOf(notMatch)
	}
	if err != nil {
		return fmt.Errorf("invalid example: %w", err)
	}
	b.checks = append(b.checks, c)
	b.rules = append(b.rules, execpolicy.Rule{Prefix: &r})
	return nil
}

func patternOf(l *starlark.List) ([][]string, error) {
	if l.Len() == 0 {
		return nil, errors.New("pattern cannot be empty")
	}
	var out [][]string
	for i := range l.Len() {
		switch v := l.Index(i).(type) {
		case starlark.String:
			out = append(out, []string{string(v)})
		case *starlark.List:
			var words []string
			for j := range v.Len() {
				w, ok := starlark.AsString(v.Index(j))
				if !ok {
					return nil, fmt.Errorf("pattern alternative must be a string (got %s)", v.Index(j).Type())
				}
				words = append(words, w)
			}
			if len(words) == 0 {
				return nil, errors.New("pattern alternatives cannot be empty")
			}
			out = append(out, words)
		default:
			return nil, fmt.Errorf("pattern element must be a string or list of strings (got %s)", v.Type())
		}
	}
	return out, nil
}

func (b *builder) networkRule(fn *starlark.Builtin, args starlark.Tuple, kw []starlark.Tuple) error {
	var host, protocol, decision string
	var justification text
	if err := starlark.UnpackArgs(fn.Name(), args, kw, "host", &host, "protocol", &protocol, "decision", &decision,
		"justification?", &justification); err != nil {
		return err
	}
	r := execpolicy.NetworkRule{Place: b.place()}
	var err error
	if r.Host, err = hostName(host); err != nil {
		return fmt.Errorf("invalid rule: %w", err)
	}
	switch protocol {
	case "http", "https", "socks5_tcp", "socks5_udp":
		r.Protocol = protocol
	case "https_connect", "http-connect":
		r.Protocol = "https"
	default:
		return fmt.Errorf("invalid rule: network_rule protocol must be one of http, https, socks5_tcp, socks5_udp (got %s)", protocol)
	}
	if decision == "deny" {
		decision = execpolicy.Forbid.String()
	}
	if err := r.Decision.UnmarshalText([]byte(decision)); err != nil {
		return err
	}
	if r.Justification, err = justification.reason(); err != nil {
		return err
	}
	b.rules = append(b.rules, execpolicy.Rule{Network: &r})
	return nil
}

// hostName takes port, brackets and the last dot off a host.
func hostName(raw string) (string, error) {
	host := strings.TrimSpace(raw)
	switch {
	case host == "":
		return "", errors.New("network_rule host cannot be empty")
	case strings.Contains(host, "://") || strings.ContainsAny(host, "/?#"):
		return "", errors.New("network_rule host must be a hostname or IP literal (without scheme or path)")
	}
	if in, ok := strings.CutPrefix(host, "["); ok {
		name, rest, ok := strings.Cut(in, "]")
		if port, colon := strings.CutPrefix(rest, ":"); !ok || rest != "" && (!colon || !digits(port)) {
			return "", fmt.Errorf("network_rule host has a broken address in brackets (got %s)", raw)
		}
		host = name
	} else if name, port, ok := strings.Cut(host, ":"); ok && name != "" && digits(port) {
		host = name
	}
	host = strings.ToLower(strings.TrimSpace(strings.TrimRight(host, ".")))
	switch {
	case host == "":
		return "", errors.New("network_rule host cannot be empty")
	case strings.Contains(host, "*"):
		return "", errors.New("network_rule host must be a specific host; wildcards are not allowed")
	case strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' }):
		return "", errors.New("network_rule host cannot contain whitespace")
	}
	return host, nil
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

func (b *builder) hostExecutable(fn *starlark.Builtin, args starlark.Tuple, kw []starlark.Tuple) error {
	var name string
	var paths *starlark.List
	if err := starlark.UnpackArgs(fn.Name(), args, kw, "name", &name, "paths", &paths); err != nil {
		return err
	}
	if name == "" || strings.ContainsAny(name, `/\`) || name == "." || name == ".." {
		return fmt.Errorf("invalid rule: host_executable name must be a bare executable name (got %s)", name)
	}
	r := execpolicy.HostExecutable{Name: name, Paths: []string{}, Place: b.place()}
	for i := range paths.Len() {
		p, ok := starlark.AsString(paths.Index(i))
		switch {
		case !ok:
			return fmt.Errorf("invalid rule: host_executable paths must be strings (got %s)", paths.Index(i).Type())
		case !filepath.IsAbs(p):
			return fmt.Errorf("invalid rule: host_executable paths must be absolute (got %s)", p)
		case filepath.Base(p) != name:
			return fmt.Errorf("invalid rule: host_executable path `%s` must have basename `%s`", p, name)
		}
		if p = filepath.Clean(p); !slices.Contains(r.Paths, p) {
			r.Paths = append(r.Paths, p)
		}
	}
	b.rules = append(b.rules, execpolicy.Rule{Host: &r})
	return nil
}

// text is a string argument that may be None.
type text struct {
	given bool
	value string
}

// Unpack implements starlark.Unpacker.
func (t *text) Unpack(v starlark.Value) error {
	if v == starlark.None {
		return nil
	}
	s, ok := starlark.AsString(v)
	if !ok {
		return fmt.Errorf("got %s, want string", v.Type())
	}
	t.given, t.value = true, s
	return nil
}

func (t text) verdict(v *execpolicy.Verdict) error {
	if !t.given {
		return nil
	}
	return v.UnmarshalText([]byte(t.value))
}

func (t text) reason() (string, error) {
	if t.given && strings.TrimSpace(t.value) == "" {
		return "", errors.New("invalid rule: justification cannot be empty")
	}
	return t.value, nil
}
