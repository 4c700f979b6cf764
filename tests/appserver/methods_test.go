//go:build unix

package appserver

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol"
	"codex/pkg/protocol/schema"
)

// maker makes the smallest params that a schema allows.
type maker struct {
	t     *testing.T
	files map[string][]byte
	known map[string]any // by the name of the member
}

func (m *maker) params(method protocol.Method) string {
	m.t.Helper()
	if method.Params == nil {
		return ""
	}
	name := method.Params.Name()
	for _, path := range []string{"v2/" + name + ".json", "v1/" + name + ".json", name + ".json"} {
		if raw, ok := m.files[path]; ok {
			root := gjson.ParseBytes(raw)
			b, err := json.Marshal(m.value(root, root, ""))
			if err != nil {
				m.t.Fatal(err)
			}
			return string(b)
		}
	}
	m.t.Fatalf("%s: no schema of %s", method.Name, name)
	return ""
}

func (m *maker) value(root, s gjson.Result, name string) any {
	if v, ok := m.known[name]; ok {
		return v
	}
	if ref := s.Get("$ref").Str; ref != "" {
		return m.value(root, root.Get("definitions."+strings.TrimPrefix(ref, "#/definitions/")), name)
	}
	for _, k := range []string{"oneOf", "anyOf", "allOf"} {
		if first := s.Get(k + ".0"); first.Exists() {
			return m.value(root, first, name)
		}
	}
	if e := s.Get("enum.0"); e.Exists() {
		return e.Value()
	}
	typ := s.Get("type").Str
	if typ == "" {
		typ = s.Get("type.0").Str
	}
	switch typ {
	case "object":
		out := map[string]any{}
		for _, k := range s.Get("required").Array() {
			out[k.Str] = m.value(root, s.Get("properties."+k.Str), k.Str)
		}
		return out
	case "array":
		return []any{}
	case "integer", "number":
		return 1
	case "boolean":
		return false
	case "null":
		return nil
	}
	return "x"
}

// refusals are the words with which a method refuses the smallest params, as patterns,
// where they do not name it.
func refusals() map[string]string {
	return map[string]string{
		"thread/goal/set":                  "no goal exists",
		"mcpServer/resource/read":          "^unknown MCP server 'x'$",
		"mcpServer/tool/call":              "^unknown MCP server 'x'$",
		"thread/inject_items":              "items must not be empty",
		"initialize":                       "Already initialized",
		"turn/steer":                       "no active turn to steer",
		"turn/interrupt":                   "no active turn to interrupt",
		"thread/decrement_elicitation":     "out-of-band elicitation count is already zero",
		"thread/metadata/update":           "gitInfo must include at least one field",
		"thread/unarchive":                 "no archived rollout found for thread id",
		"account/login/cancel":             "invalid login id: x",
		"account/rateLimits/read":          "codex account authentication required to read rate limits",
		"account/sendAddCreditsNudgeEmail": "codex account authentication required to notify workspace owner",
		"fs/copy":                          "fs/copy requires recursive: true",
		"fs/readFile":                      "Is a directory",
		"fs/writeFile":                     "Is a directory",
		"command/exec/terminate":           "no active command/exec for process id",
		"command/exec/resize":              "no active command/exec for process id",
		"process/kill":                     "no active process for process handle",
		"process/writeStdin":               "stdin streaming is not enabled for this process|no active process for process handle",
		"process/resizePty":                "process is not attached to a PTY|no active process for process handle",
		"fuzzyFileSearch/sessionUpdate":    "fuzzy file search session not found",
		"marketplace/add":                  "failed to resolve local marketplace source path",
		"marketplace/remove":               "marketplace `x` is not configured or installed",
		"plugin/install":                   "marketplacePath is missing",
		"plugin/read":                      "marketplacePath is missing",
		"plugin/uninstall":                 "invalid plugin id: x",
		"mcpServer/oauth/login":            "No MCP server named",
	}
}

// TestEveryMethod asks for everything in the schema: each method answers with what the
// schema promises, or with an error that says what is wrong, by its name if nothing else.
func TestEveryMethod(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"hello"}`)
	c.initialize()
	id := c.thread(fmt.Sprintf(`{"cwd":%q}`, c.work))
	c.ran(id, "go")
	m := &maker{t: t, files: schema.Generate(true), known: map[string]any{
		"threadId": id, "path": c.work, "cwd": c.work, "sourcePath": c.work, "destinationPath": filepath.Join(c.work, "copy"), "command": []string{"true"},
		"cwds": []string{c.work}, "roots": []string{c.work}, "keyPath": "model", "dataBase64": "eA==", "apiKey": "sk-test",
	}}
	last := []string{"thread/archive", "thread/unarchive", "thread/unsubscribe", "fs/remove"} // they take away what the others need
	var answered, refused, unbuilt []string
	ask := func(method protocol.Method) {
		params := m.params(method)
		if method.Name == "thread/shellCommand" {
			params = fmt.Sprintf(`{"threadId":%q,"command":"true"}`, id)
		}
		got := c.call(method.Name, params)
		if got.Get("result").Exists() {
			answered = append(answered, method.Name) // the schema was looked at on receipt
			switch method.Name {
			case "turn/start", "thread/compact/start", "review/start", "thread/shellCommand":
				c.note("turn/completed")
			}
			return
		}
		text := got.Get("error.message").Str
		want := refusals()[method.Name]
		switch {
		case strings.Contains(text, method.Name+" is not supported yet"):
			unbuilt = append(unbuilt, method.Name)
		case strings.Contains(text, method.Name), want != "" && regexp.MustCompile(want).MatchString(text):
			refused = append(refused, method.Name)
		default:
			t.Errorf("%s %s: %s", method.Name, params, got.Raw)
		}
	}
	for _, method := range protocol.Methods() {
		if method.Kind == protocol.ClientRequest && !slices.Contains(last, method.Name) {
			ask(method)
		}
	}
	for _, method := range protocol.Methods() {
		if method.Kind == protocol.ClientRequest && slices.Contains(last, method.Name) {
			ask(method)
		}
	}
	t.Logf("%d methods answered, %d refused the smallest params, %d not built: %v", len(answered), len(refused), len(unbuilt), unbuilt)
	if status := c.leave(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// TestEverythingSent: each notification and request of the schema is sent by the server
// or by the engine, or belongs to something that is not built.
func TestEverythingSent(t *testing.T) {
	used := map[string]bool{}
	for _, dir := range []string{"frontend/appserver", "engine"} {
		err := filepath.WalkDir("../../pkg/"+dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok {
					used[sel.Sel.Name] = true
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	unbuilt := notSent()
	for name, method := range constants(t) {
		if unbuilt[method] == "" && !used[name] {
			t.Errorf("nobody sends %s: list it in notSent, or send it", method)
		}
		delete(unbuilt, method)
	}
	for _, method := range slices.Sorted(maps.Keys(unbuilt)) {
		t.Errorf("%s is in notSent, but not in the protocol", method)
	}
}

// notSent lists what neither the server nor the engine sends, with the feature that is
// not built.
func notSent() map[string]string {
	const guardian, realtime = "the guardian", "realtime voice"
	return map[string]string{
		"item/autoApprovalReview/started":      guardian,
		"item/autoApprovalReview/completed":    guardian,
		"guardianWarning":                      guardian,
		"app/list/updated":                     "apps",
		"externalAgentConfig/import/completed": "import from other agents",
		"item/fileChange/outputDelta":          "deprecated",
		"thread/realtime/started":              realtime,
		"thread/realtime/itemAdded":            realtime,
		"thread/realtime/transcript/delta":     realtime,
		"thread/realtime/transcript/done":      realtime,
		"thread/realtime/outputAudio/delta":    realtime,
		"thread/realtime/sdp":                  realtime,
		"thread/realtime/error":                realtime,
		"thread/realtime/closed":               realtime,
		"windows/worldWritableWarning":         "the Windows sandbox",
		"rawResponseItem/completed":            "raw events",
		"thread/compacted":                     "deprecated: the item contextCompaction",
		"item/permissions/requestApproval":     "the tool that asks for permissions",
		"item/plan/delta":                      "plan mode",
		"item/fileChange/patchUpdated":         "patches shown while the model writes them",
		"model/verification":                   "verification of accounts",
		"attestation/generate":                 "attestation",
		"applyPatchApproval":                   "the first version of the protocol",
		"execCommandApproval":                  "the first version of the protocol",
	}
}

// constants gives the names in package protocol of what a server sends.
func constants(t *testing.T) map[string]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "../../pkg/protocol/methods.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	sent := map[string]bool{}
	for _, m := range protocol.Methods() {
		if m.Kind == protocol.ServerNotification || m.Kind == protocol.ServerRequest {
			sent[m.Name] = true
		}
	}
	out := map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == 1 {
			if lit, ok := v.Values[0].(*ast.BasicLit); ok {
				if method := strings.Trim(lit.Value, `"`); sent[method] {
					out[v.Names[0].Name] = method
				}
			}
		}
		return true
	})
	if len(out) != len(sent) {
		t.Fatalf("%d constants for %d methods", len(out), len(sent))
	}
	return out
}
