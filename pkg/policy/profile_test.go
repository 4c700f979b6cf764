package policy

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestProfileLines holds that captured profiles come back byte for byte.
func TestProfileLines(t *testing.T) {
	b, err := os.ReadFile("testdata/profiles.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		var p Profile
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		out, err := json.Marshal(p)
		if err != nil || string(out) != line {
			t.Errorf("got  %s\nwant %s (%v)", out, line, err)
		}
	}
}

func TestProfileSpellings(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"none is deny", `{"type":"managed","file_system":{"type":"restricted","entries":[{"path":{"type":"path","path":"/s"},"access":"none"}]}}`,
			`{"type":"managed","file_system":{"type":"restricted","entries":[{"path":{"type":"path","path":"/s"},"access":"deny"}]},"network":"restricted"}`},
		{"workspace_roots", `{"type":"managed","file_system":{"type":"restricted","entries":[{"path":{"type":"special","value":{"kind":"workspace_roots"}},"access":"write"}]},"network":"enabled"}`,
			`{"type":"managed","file_system":{"type":"restricted","entries":[{"path":{"type":"special","value":{"kind":"project_roots"}},"access":"write"}]},"network":"enabled"}`},
		{"unknown fields", `{"type":"disabled","colour":"red"}`, `{"type":"disabled"}`},
		{"network object", `{"type":"external","network":{"enabled":true}}`, `{"type":"external","network":"enabled"}`},
		{"unknown special", `{"type":"managed","file_system":{"type":"restricted","entries":[{"path":{"type":"special","value":{"kind":"moon"}},"access":"write"}]},"network":"restricted"}`,
			`{"type":"managed","file_system":{"type":"restricted","entries":[{"path":{"type":"special","value":{"kind":"moon"}},"access":"write"}]},"network":"restricted"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var p Profile
			if err := json.Unmarshal([]byte(tt.in), &p); err != nil {
				t.Fatal(err)
			}
			if out, _ := json.Marshal(p); string(out) != tt.want {
				t.Errorf("got  %s\nwant %s", out, tt.want)
			}
		})
	}
}

// TestProfileRefused holds that what could widen a profile is an error.
func TestProfileRefused(t *testing.T) {
	for _, in := range []string{
		`{}`, `{"type":"open"}`, `{"type":"managed"}`, `{"type":"managed","file_system":{"type":"odd"}}`,
		`{"type":"external","network":"maybe"}`,
		`{"type":"managed","file_system":{"type":"restricted","entries":[{"path":{"type":"path","path":"/a"},"access":"execute"}]}}`,
		`{"type":"managed","file_system":{"type":"restricted","entries":[{"path":{"type":"path"},"access":"read"}]}}`,
		`{"type":"managed","file_system":{"type":"restricted","entries":[{"path":{"type":"glob_pattern","pattern":"*"},"access":"write"}]}}`,
		`{"type":"managed","file_system":{"type":"restricted","entries":[{"path":{"type":"place"},"access":"read"}]}}`,
		`{"type":"managed","file_system":{"type":"restricted","entries":[{"path":{"type":"special"},"access":"read"}]}}`,
	} {
		var p Profile
		if err := json.Unmarshal([]byte(in), &p); err == nil {
			t.Errorf("%s was accepted: %+v", in, p)
		}
	}
}

func FuzzProfile(f *testing.F) {
	b, err := os.ReadFile("testdata/profiles.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var p Profile
		if json.Unmarshal(in, &p) != nil {
			return
		}
		out, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var again Profile
		if err := json.Unmarshal(out, &again); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		if !reflect.DeepEqual(p, again) {
			t.Errorf("%+v became %+v", p, again)
		}
		p.Resolve(Env{Cwd: "/w", Tmpdir: "/t"})
	})
}
