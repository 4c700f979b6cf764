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
