package schema

import (
	"encoding/json"
	"fmt"
	"sync"

	js "github.com/google/jsonschema-go/jsonschema"

	"codex/pkg/protocol"
)

// compiled is one method's schemas, ready to use.
type compiled struct {
	params, result *js.Resolved
}

// methods compiles the experimental schema at the first call of Validate.
var methods = sync.OnceValues(func() (map[string]compiled, error) {
	b := build(true, protocol.Later()...)
	out := map[string]compiled{}
	resolve := func(name string) (*js.Resolved, error) {
		r, err := b.file(name).Resolve(nil)
		if err != nil {
			return nil, fmt.Errorf("resolve schema %s: %w", name, err)
		}
		return r, nil
	}
	for _, m := range append(protocol.Methods(), protocol.Later()...) {
		var c compiled
		var err error
		if m.Params != nil {
			if c.params, err = resolve(m.Params.Name()); err != nil {
				return nil, err
			}
		}
		if m.Result != nil {
			if c.result, err = resolve(m.Result.Name()); err != nil {
				return nil, err
			}
		}
		out[m.Name] = c
	}
	return out, nil
})

// Validate checks one message of the method against the schema: the params of a request
// or notification, the result of an answer. An error answer only needs its shape. It is
// slow at the first call, and meant for tests.
func Validate(method string, msg []byte) error {
	all, err := methods()
	if err != nil {
		return err
	}
	m, ok := all[method]
	if !ok {
		return fmt.Errorf("unknown method %q", method)
	}
	var line struct {
		Method *string         `json:"method"`
		Params json.RawMessage `json:"params"`
		Result json.RawMessage `json:"result"`
		Error  *struct {
			Code    *int64  `json:"code"`
			Message *string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(msg, &line); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	switch {
	case line.Method != nil && *line.Method != method:
		return fmt.Errorf("message is a %s, not a %s", *line.Method, method)
	case line.Method != nil:
		return check(method+" params", m.params, line.Params)
	case line.Error != nil && (line.Error.Code == nil || line.Error.Message == nil):
		return fmt.Errorf("%s: error without code or message", method)
	case line.Error != nil:
		return nil
	case line.Result != nil:
		return check(method+" result", m.result, line.Result)
	}
	return fmt.Errorf("%s: neither method, result nor error", method)
}

func check(what string, s *js.Resolved, raw json.RawMessage) error {
	var v any
	switch {
	case s == nil:
		return nil // no params: anything there is ignored
	case raw == nil:
		return fmt.Errorf("%s: missing", what)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := s.Validate(v); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
