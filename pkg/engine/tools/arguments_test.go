package tools

import (
	"encoding/json"
	"strings"
	"testing"
)

// The model reads what is wrong, and with which member.
func TestDecodeErrors(t *testing.T) {
	for _, c := range []struct {
		into     any
		in, want string
	}{
		{new(execArgs), ``, "unexpected end of JSON input"},
		{new(execArgs), `{bad json`, "invalid character 'b' looking for beginning of object key string"},
		{new(execArgs), `{"cmd":"ls"} x`, "invalid character 'x' after top-level value"},
		{new(execArgs), `null`, "missing field `cmd`"},
		{new(execArgs), `5`, "`arguments` is a JSON number, expected an object"},
		{new(execArgs), `["ls"]`, "`arguments` is a JSON array, expected an object"},
		{new(execArgs), `{"workdir":"/"}`, "missing field `cmd`"},
		{new(execArgs), `{"CMD":"ls"}`, "missing field `cmd`"},
		{new(execArgs), `{"cmd":null}`, "missing field `cmd`"},
		{new(execArgs), `{"cmd":["ls"]}`, "`cmd` is a JSON array, expected a string"},
		{new(execArgs), `{"cmd":"x","tty":"true"}`, "`tty` is a JSON string, expected true or false"},
		{new(execArgs), `{"cmd":"x","yield_time_ms":"1000"}`, "`yield_time_ms` is a JSON string, expected a whole number that is not negative"},
		{new(execArgs), `{"cmd":"x","yield_time_ms":1000.5}`, "`yield_time_ms` is a JSON number 1000.5, expected a whole number that is not negative"},
		{new(execArgs), `{"cmd":"x","max_output_tokens":-1}`, "`max_output_tokens` is a JSON number -1, expected a whole number that is not negative"},
		{new(execArgs), `{"cmd":"x","prefix_rule":[1]}`, "`prefix_rule` is a JSON number, expected a string"},
		{new(execArgs), `{"cmd":"x","sandbox_permissions":"foo"}`, "unknown variant `foo` of `sandbox_permissions`, expected one of `use_default`, `require_escalated`, `with_additional_permissions`"},
		{new(execArgs), `{"cmd":"x","additional_permissions":5}`, "`additional_permissions` is a JSON number, expected an object"},
		{new(stdinArgs), `{"session_id":2147483648}`, "`session_id` is a JSON number 2147483648, expected a whole number"},
		{new(planArgs), `{"plan":[{"step":"a","status":"pending"},{"step":"b"}]}`, "missing field `plan[1].status`"},
		{new(planArgs), `{"plan":[{"step":"a","status":"done"}]}`, "unknown variant `done` of `plan[0].status`, expected one of `pending`, `in_progress`, `completed`"},
		{new(planArgs), `{"plan":[null]}`, "missing field `plan[0].step`"},
		{new(planArgs), strings.Repeat("[", 100000), "invalid character '[' exceeded max depth"},
	} {
		if err := Decode(c.in, c.into); err == nil || err.Error() != c.want {
			t.Errorf("%.80s: %v, want %s", c.in, err, c.want)
		}
	}
	var a execArgs
	if err := Decode(`{"cmd":"é\u00e9\ud83d\ude00\n","foo":[1,{"a":null}],"workdir":null,"tty":null,"prefix_rule":["a"]}`, &a); err != nil || a.Cmd != "éé😀\n" || a.PrefixRule[0] != "a" {
		t.Errorf("%+v, %v", a, err)
	}
}

// FuzzDecode holds that what is decoded is whole: it can be written and read again.
func FuzzDecode(f *testing.F) {
	f.Add(`{"cmd":"ls","tty":true}`)
	f.Add(`{"cmd":"\ud800","additional_permissions":{"file_system":{"entries":[{"path":{"type":"path","path":"/x"},"access":"read"}]}}}`)
	f.Add(`{"plan":[{"step":"a","status":"pending"}],"questions":[{}],"session_id":1}`)
	f.Fuzz(func(t *testing.T, s string) {
		for _, v := range []any{new(execArgs), new(stdinArgs), new(shellArgs), new(planArgs), new(questionArgs), new(permissionArgs), new(imageArgs)} {
			if Decode(s, v) != nil {
				continue
			}
			b, err := json.Marshal(v)
			if err != nil {
				t.Fatalf("%q: %v", s, err)
			}
			if err := Decode(string(b), v); err != nil && !strings.Contains(string(b), "null") {
				t.Errorf("%q was decoded, %s is not: %v", s, b, err)
			}
		}
	})
}
