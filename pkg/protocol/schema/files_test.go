package schema

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	js "github.com/google/jsonschema-go/jsonschema"

	"codex/pkg/protocol"
)

// TestFiles compares the names of the files with those the original writes, and checks
// that each stands on its own.
func TestFiles(t *testing.T) {
	raw, err := os.ReadFile("testdata/files.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, experimental := range []bool{true, false} {
		files := Generate(experimental)
		for l := range strings.Lines(string(raw)) {
			name, only, _ := strings.Cut(strings.TrimSpace(l), " ")
			_, ok := files[name]
			if want := experimental || only == ""; ok != want {
				t.Errorf("experimental=%v: %s: got %v, want %v", experimental, name, ok, want)
			}
			if !ok {
				continue
			}
			var s js.Schema
			if err := json.Unmarshal(files[name], &s); err != nil {
				t.Errorf("%s: %v", name, err)
			} else if name == Bundle {
				refsResolve(t, files[name]) // definitions.v2 is no schema itself
			} else if _, err := s.Resolve(nil); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			delete(files, name)
		}
		for name := range files {
			t.Errorf("experimental=%v: %s is only ours", experimental, name)
		}
	}
}

// refsResolve looks up every reference of the nested bundle.
func refsResolve(t *testing.T, raw []byte) {
	t.Helper()
	var whole any
	if err := json.Unmarshal(raw, &whole); err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(raw)) {
		_, r, ok := strings.Cut(l, `"$ref": "#/`)
		if !ok {
			continue
		}
		r, _, _ = strings.Cut(r, `"`)
		at := whole
		for part := range strings.SplitSeq(r, "/") {
			m, _ := at.(map[string]any)
			at = m[part]
		}
		if at == nil {
			t.Errorf("reference to nothing: %s", r)
		}
	}
}

// TestValidateTranscripts holds every captured line against our schema.
func TestValidateTranscripts(t *testing.T) {
	files, err := filepath.Glob("../testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	known := map[string]bool{}
	for _, m := range protocol.Methods() {
		known[m.Name] = true
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			in, err := os.Open(f)
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			asked := map[string]string{}
			r := bufio.NewReader(in)
			for no := 1; ; no++ {
				text, err := r.ReadString('\n')
				if err != nil {
					break
				}
				who, msg, _ := strings.Cut(strings.TrimSuffix(text, "\n"), " ")
				var l struct {
					ID     json.RawMessage `json:"id"`
					Method string          `json:"method"`
					Error  json.RawMessage `json:"error"`
				}
				if json.Unmarshal([]byte(msg), &l) != nil || !slices.Contains([]string{"<", ">"}, who) {
					continue
				}
				method := l.Method
				if method == "" {
					method = asked[map[string]string{"<": ">", ">": "<"}[who]+string(l.ID)]
				} else if l.ID != nil {
					asked[who+string(l.ID)] = method
				}
				if !known[method] {
					continue
				}
				err = Validate(method, []byte(msg))
				if err != nil && who == "<" {
					t.Errorf("line %d: %v", no, err)
				}
			}
		})
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct{ name, method, msg, want string }{
		{"request", "turn/start", `{"id":1,"method":"turn/start","params":{"threadId":"t","input":[{"type":"text","text":"hi"}]}}`, ""},
		{"unknown member", "turn/start", `{"id":1,"method":"turn/start","params":{"threadId":"t","input":[],"future":1}}`, ""},
		{"missing member", "turn/start", `{"id":1,"method":"turn/start","params":{"input":[]}}`, "threadId"},
		{"wrong variant", "turn/start", `{"id":1,"method":"turn/start","params":{"threadId":"t","input":[{"type":"smell"}]}}`, "turn/start params"},
		{"no params", "turn/start", `{"id":1,"method":"turn/start"}`, "missing"},
		{"result", "turn/steer", `{"id":1,"result":{"turnId":"x"}}`, ""},
		{"bad result", "turn/steer", `{"id":1,"result":{}}`, "turnId"},
		{"error", "turn/steer", `{"id":1,"error":{"code":-32600,"message":"no"}}`, ""},
		{"bad error", "turn/steer", `{"id":1,"error":{}}`, "error without"},
		{"decision word", "item/commandExecution/requestApproval", `{"id":0,"result":{"decision":"accept"}}`, ""},
		{"decision object", "item/commandExecution/requestApproval", `{"id":0,"result":{"decision":{"acceptWithExecpolicyAmendment":{"execpolicy_amendment":["ls"]}}}}`, ""},
		{"decision unknown", "item/commandExecution/requestApproval", `{"id":0,"result":{"decision":"perhaps"}}`, "decision"},
		{"other method", "turn/start", `{"method":"turn/steer"}`, "not a turn/start"},
		{"unknown method", "x", `{}`, "unknown method"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Validate(c.method, []byte(c.msg))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
		})
	}
}
