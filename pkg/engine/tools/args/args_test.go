package args

import "testing"

func execArgs() *Object {
	return &Object{Name: "ExecCommandArgs", Fields: []Field{
		{Name: "cmd", Kind: String, Required: true},
		{Name: "workdir", Kind: String, Null: true},
		{Name: "tty", Kind: Bool},
		{Name: "yield_time_ms", Kind: Uint},
		{Name: "prefix_rule", Kind: Strings, Null: true},
	}}
}

// The messages are those that the original was seen to send (tools spec §2).
func TestDecodeErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{bad json`, "key must be a string at line 1 column 2"},
		{`{"cmd": "ls"`, "EOF while parsing an object at line 1 column 12"},
		{``, "EOF while parsing a value at line 1 column 0"},
		{`{"workdir": "/"}`, "missing field `cmd` at line 1 column 16"},
		{`{"cmd": ["ls"]}`, "invalid type: sequence, expected a string at line 1 column 8"},
		{`{"cmd": "true", "yield_time_ms": "1000"}`, `invalid type: string "1000", expected u64 at line 1 column 39`},
		{`{"cmd": "true", "yield_time_ms": 1000.0}`, "invalid type: floating point `1000.0`, expected u64 at line 1 column 39"},
		{`{"cmd": "true", "yield_time_ms": -5}`, "invalid value: integer `-5`, expected u64 at line 1 column 35"},
		{`{"cmd": "echo ok", "tty": null}`, "invalid type: null, expected a boolean at line 1 column 30"},
	} {
		_, err := Decode(execArgs(), c.in)
		if err == nil || err.Error() != c.want {
			t.Errorf("Decode(%q) = %v, want %s", c.in, err, c.want)
		}
	}
	// Arrays stand for objects, and keys and control characters are faulted where they end
	// and begin.
	plan := &Object{Name: "UpdatePlanArgs", Closed: true, Fields: []Field{{Name: "explanation", Kind: String, Null: true, Default: true},
		{Name: "plan", Kind: Objects, Required: true, Of: &Object{Name: "PlanItemArg", Closed: true, Fields: []Field{{Name: "step", Kind: String, Required: true},
			{Name: "status", Kind: Enum, Required: true, Values: []string{"pending", "completed"}}}}}}}
	outer := &Object{Name: "Inner", Outer: "Outer", Fields: []Field{{Name: "n", Kind: Uint, Word: "usize", Null: true}, {Name: "id", Kind: String, Null: true, Apart: true}}}
	for _, c := range []struct {
		o        *Object
		in, want string
	}{
		{plan, `{"plan":[{"step":"a","status":"pending","x":1}]}`, "unknown field `x`, expected `step` or `status` at line 1 column 43"},
		{plan, `{"plan":[{"step":"a","status":null}]}`, "expected value at line 1 column 31"},
		{plan, `{"plan":[],"plan":[]}`, "duplicate field `plan` at line 1 column 17"},
		{plan, `[]`, "invalid length 1, expected struct UpdatePlanArgs with 2 elements at line 1 column 2"},
		{outer, `[]`, "invalid length 0, expected struct Inner with 1 elements at line 1 column 2"},
		{outer, `["x"]`, `invalid type: string "x", expected usize at line 1 column 4`},
		{outer, `null`, "invalid type: null, expected struct Outer at line 1 column 4"},
		{outer, `{"n":-1}`, "invalid value: integer `-1`, expected usize at line 1 column 7"},
		{outer, `{"n":1e999}`, "number out of range at line 1 column 10"},
		{outer, `{"n":18446744073709551616}`, "invalid type: floating point `1.8446744073709552e+19`, expected usize at line 1 column 25"},
		{outer, "{\"id\":\"a\nb\"}", "control character (\\u0000-\\u001F) found while parsing a string at line 1 column 8"},
	} {
		if _, err := Decode(c.o, c.in); err == nil || err.Error() != c.want {
			t.Errorf("Decode(%q) = %v, want %s", c.in, err, c.want)
		}
	}
	v, err := Decode(execArgs(), `{"cmd":"é\u00e9\ud83d\ude00\n","foo":[1,{"a":null}],"workdir":null,"prefix_rule":["a"]}`)
	if err != nil || v.Str("cmd") != "éé😀\n" || v.Has("workdir") {
		t.Errorf("Decode = %v, %v", v, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"cmd":"ls","tty":true}`)
	f.Add(`{"cmd":"\ud800"}`)
	f.Fuzz(func(t *testing.T, s string) {
		if v, err := Decode(execArgs(), s); err == nil && !v.Has("cmd") {
			t.Errorf("decoded %q without its required member", s)
		}
	})
}
