package server

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

// params reads the members of a request one by one and keeps the first error, in the
// original's words: people have them in their logs. Nothing it returns points into the
// line.
type params struct {
	root gjson.Result
	err  error
}

func newParams(raw json.RawMessage) *params {
	p := &params{}
	if len(raw) == 0 {
		raw = json.RawMessage("{}")
	}
	// The line is not copied: everything that is kept is cloned below.
	p.root = gjson.Parse(unsafe.String(unsafe.SliceData(raw), len(raw)))
	if !p.root.IsObject() {
		p.fail("invalid type: %s, expected a map", typeName(p.root))
	}
	return p
}

func (p *params) fail(format string, args ...any) {
	if p.err == nil {
		p.err = jsonrpc.Errorf(jsonrpc.CodeInvalidParams, format, args...)
	}
}

// get gives a member; false for missing. Null counts as missing iff it may be.
func (p *params) get(key string, need bool) (gjson.Result, bool) {
	if p.err != nil {
		return gjson.Result{}, false
	}
	v := p.root.Get(key)
	switch {
	case !v.Exists() && need:
		p.fail("missing field `%s`", key)
	case v.Exists() && (need || v.Type != gjson.Null):
		return v, true
	}
	return gjson.Result{}, false
}

func (p *params) str(key string) string {
	v, ok := p.get(key, true)
	if !ok {
		return ""
	}
	return p.asString(v)
}

// optStr says whether the member is there and not null.
func (p *params) optStr(key string) (string, bool) {
	v, ok := p.get(key, false)
	if !ok {
		return "", false
	}
	return p.asString(v), true
}

func (p *params) asString(v gjson.Result) string {
	if v.Type != gjson.String {
		p.fail("invalid type: %s, expected a string", typeName(v))
		return ""
	}
	return strings.Clone(v.Str)
}

func (p *params) boolean(key string, need, def bool) bool {
	v, ok := p.get(key, need)
	switch {
	case !ok:
		return def
	case v.Type == gjson.True:
		return true
	case v.Type == gjson.False:
		return false
	}
	p.fail("invalid type: %s, expected a boolean", typeName(v))
	return def
}

// uint gives a whole number that is not negative, or false.
func (p *params) uint(key string) (uint64, bool) {
	v, ok := p.get(key, false)
	if !ok {
		return 0, false
	}
	if v.Type != gjson.Number || strings.ContainsAny(v.Raw, ".eE-") {
		p.fail("invalid type: %s, expected u64", typeName(v))
		return 0, false
	}
	return v.Uint(), true
}

func (p *params) list(key string) []string {
	v, ok := p.get(key, true)
	if !ok {
		return nil
	}
	if !v.IsArray() {
		p.fail("invalid type: %s, expected a sequence", typeName(v))
		return nil
	}
	out := []string{}
	v.ForEach(func(_, e gjson.Result) bool {
		out = append(out, p.asString(e))
		return p.err == nil
	})
	return out
}

func (p *params) dict(key string) map[string]string {
	v, ok := p.get(key, true)
	if !ok {
		return nil
	}
	if !v.IsObject() {
		p.fail("invalid type: %s, expected a map", typeName(v))
		return nil
	}
	out := map[string]string{}
	v.ForEach(func(k, e gjson.Result) bool {
		out[strings.Clone(k.Str)] = p.asString(e)
		return p.err == nil
	})
	return out
}

// object gives a member that is an object, for its own params.
func (p *params) object(key string) *params {
	v, ok := p.get(key, false)
	if !ok {
		return nil
	}
	if !v.IsObject() {
		p.fail("invalid type: %s, expected a map", typeName(v))
		return nil
	}
	return &params{root: v}
}

// sub takes over the error of an object's params.
func (p *params) sub(q *params) {
	if p.err == nil {
		p.err = q.err
	}
}

// base64 decodes a member strictly, without a second copy of the text.
func (p *params) base64(key string) ([]byte, error) {
	v, ok := p.get(key, true)
	if !ok {
		return nil, p.err
	}
	if v.Type != gjson.String {
		p.fail("invalid type: %s, expected a string", typeName(v))
		return nil, p.err
	}
	s := v.Str
	if strings.ContainsAny(s, "\r\n") {
		return nil, badBase64(s, int64(strings.IndexAny(s, "\r\n")))
	}
	b, err := base64.StdEncoding.Strict().AppendDecode([]byte{}, unsafe.Slice(unsafe.StringData(s), len(s)))
	if err != nil {
		var at base64.CorruptInputError
		errors.As(err, &at)
		return nil, badBase64(s, int64(at))
	}
	return b, nil
}

func badBase64(s string, at int64) error {
	if at < int64(len(s)) && s[at] != '=' {
		if c := s[at]; strings.IndexByte("+/", c) < 0 && !('0' <= c && c <= '9') && !('A' <= c && c <= 'Z') && !('a' <= c && c <= 'z') {
			return fmt.Errorf("Invalid symbol %d, offset %d.", c, at)
		}
	}
	return errors.New("Invalid padding")
}

func typeName(v gjson.Result) string {
	switch {
	case v.Type == gjson.Null:
		return "null"
	case v.Type == gjson.True || v.Type == gjson.False:
		return "boolean `" + v.Raw + "`"
	case v.Type == gjson.Number && strings.ContainsAny(v.Raw, ".eE"):
		return "floating point `" + v.Raw + "`"
	case v.Type == gjson.Number:
		return "integer `" + v.Raw + "`"
	case v.Type == gjson.String:
		s := v.Str
		if len(s) > 100 {
			s = s[:100]
		}
		return fmt.Sprintf("string %q", s)
	case v.IsArray():
		return "sequence"
	}
	return "map"
}
