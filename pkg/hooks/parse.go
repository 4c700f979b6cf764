package hooks

import (
	"fmt"
	"math"
	"strings"
)

// group is a matcher and what runs when it fits.
type group struct {
	event    Event
	index    int // among those of its event
	matcher  *string
	handlers []handler
}

// handler is one thing to run, as it was declared.
type handler struct {
	kind, command string
	timeout       uint64
	status        *string
	async         bool
}

func isBlank(s string) bool { return strings.TrimSpace(s) == "" }

// parse reads what a hooks.json or [hooks] declares, in the order of events. Events that
// are not known here are left out.
func parse(tree any) ([]group, error) {
	root, ok := tree.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("expected an object")
	}
	table, ok := root["hooks"].(map[string]any)
	if !ok && root["hooks"] != nil {
		return nil, fmt.Errorf("hooks: expected an object")
	}
	var out []group
	for _, e := range events() {
		list, err := maps(table[string(e)])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e, err)
		}
		for i, m := range list {
			g, err := parseGroup(m)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", e, err)
			}
			g.event, g.index = e, i
			out = append(out, g)
		}
	}
	return out, nil
}

// maps reads a list of objects.
func maps(v any) (out []map[string]any, err error) {
	switch v := v.(type) {
	case nil:
	case []any:
		for _, x := range v {
			m, ok := x.(map[string]any)
			if !ok {
				return nil, fmt.Errorf("expected a list of objects")
			}
			out = append(out, m)
		}
	default:
		return nil, fmt.Errorf("expected a list")
	}
	return out, nil
}

func parseGroup(m map[string]any) (g group, err error) {
	if g.matcher, err = text(m, "matcher"); err != nil {
		return g, err
	}
	list, err := maps(m["hooks"])
	if err != nil {
		return g, fmt.Errorf("hooks: %w", err)
	}
	for _, h := range list {
		d, err := parseHandler(h)
		if err != nil {
			return g, err
		}
		g.handlers = append(g.handlers, d)
	}
	return g, nil
}

func parseHandler(m map[string]any) (d handler, err error) {
	kind, err := text(m, "type")
	if err == nil && kind == nil {
		err = fmt.Errorf("missing field `type`")
	}
	if err != nil {
		return d, err
	}
	switch d.kind = *kind; d.kind {
	case "prompt", "agent":
		return d, nil
	case "command":
	default:
		return d, fmt.Errorf("unknown variant `%.40s`, expected one of `command`, `prompt`, `agent`", d.kind)
	}
	command, err := text(m, "command")
	if err == nil && command == nil {
		err = fmt.Errorf("missing field `command`")
	}
	if err != nil {
		return d, err
	}
	d.command = *command
	if d.status, err = text(m, "statusMessage"); err != nil {
		return d, err
	}
	if d.timeout, err = seconds(m["timeout"]); err != nil {
		return d, err
	}
	switch v := m["async"].(type) {
	case nil:
	case bool:
		d.async = v
	default:
		return d, fmt.Errorf("async: expected a boolean")
	}
	return d, nil
}

func text(m map[string]any, key string) (*string, error) {
	switch v := m[key].(type) {
	case nil:
		return nil, nil
	case string:
		return &v, nil
	}
	return nil, fmt.Errorf("%s: expected a string", key)
}

// maxTimeout keeps a number of seconds a duration.
const maxTimeout = math.MaxInt64 / 1_000_000_000

func seconds(v any) (uint64, error) {
	switch v := v.(type) {
	case nil:
		return DefaultTimeout, nil
	case int64:
		if v >= 0 {
			return min(uint64(v), maxTimeout), nil
		}
	case float64:
		if v >= 0 && v == math.Trunc(v) {
			return uint64(min(v, maxTimeout)), nil
		}
	}
	return 0, fmt.Errorf("timeout: expected a whole number of seconds")
}
