//go:build unix

package appserver

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	js "github.com/google/jsonschema-go/jsonschema"
	"github.com/tidwall/gjson"
)

// laterFile holds what a server of 0.171.0 sends: definitions by name, without their
// words, and the one that each method's params or result has. "required" there lists what
// its TypeScript does not mark as optional, which is more than its JSON Schema asks for.
const laterFile = "testdata/sent-0.171.0.json"

var laterFrom = flag.String("later", "", "write "+laterFile+" anew: a `folder` with schema/ and ts/, as 0.171.0's generate-json-schema and generate-ts write them with --experimental")

type laterSchema struct {
	Notes       map[string]string         `json:"notifications"`
	Asks        map[string]string         `json:"requests"`
	Results     map[string]string         `json:"results"`
	Methods     []string                  `json:"methods"` // of clients
	Definitions map[string]map[string]any `json:"definitions"`
}

// TestLaterSchema writes the file from what the original prints, when asked to.
func TestLaterSchema(t *testing.T) {
	if *laterFrom == "" {
		if _, err := later(); err != nil {
			t.Fatal(err)
		}
		return
	}
	raw, err := os.ReadFile(filepath.Join(*laterFrom, "schema/codex_app_server_protocol.schemas.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Definitions map[string]map[string]any `json:"definitions"`
	}
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(raw), "#/definitions/v2/", "#/definitions/")), &all); err != nil {
		t.Fatal(err)
	}
	defs := all.Definitions
	for name, def := range defs["v2"] {
		defs[name] = def.(map[string]any)
	}
	delete(defs, "v2")
	out := laterSchema{methods(defs["ServerNotification"]), methods(defs["ServerRequest"]), map[string]string{},
		slices.Sorted(maps.Keys(methods(defs["ClientRequest"]))), map[string]map[string]any{}}
	for method, params := range methods(defs["ClientRequest"]) {
		if name := resultOf(method, params); defs[name] != nil {
			out.Results[method] = name
		} else {
			t.Logf("no result known of %s", method)
		}
	}
	for _, roots := range []map[string]string{out.Notes, out.Asks, out.Results} {
		for _, name := range roots {
			out.reach(defs, name)
		}
	}
	for name, def := range out.Definitions {
		firmUp(def, typescript(t, name))
	}
	b, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	write(t, laterFile, strings.ReplaceAll(string(b), `},"`, "},\n\"")+"\n")
}

// methods gives the name of the params by method.
func methods(union map[string]any) map[string]string {
	out := map[string]string{}
	for _, v := range union["oneOf"].([]any) {
		props := v.(map[string]any)["properties"].(map[string]any)
		method := props["method"].(map[string]any)["enum"].([]any)[0].(string)
		params, _ := props["params"].(map[string]any)
		ref, _ := params["$ref"].(string)
		out[method] = ref[strings.LastIndexByte(ref, '/')+1:]
	}
	return out
}

// resultOf is the name of a result, which mostly follows from that of the params.
func resultOf(method, params string) string {
	odd := map[string]string{
		"config/value/write": "ConfigWriteResponse", "config/batchWrite": "ConfigWriteResponse", "config/mcpServer/reload": "McpServerRefreshResponse",
		"account/logout": "LogoutAccountResponse", "account/rateLimits/read": "GetAccountRateLimitsResponse", "account/usage/read": "GetAccountTokenUsageResponse",
		"configRequirements/read": "ConfigRequirementsReadResponse", "windowsSandbox/readiness": "WindowsSandboxReadinessResponse",
		"remoteControl/enable": "RemoteControlEnableResponse", "remoteControl/disable": "RemoteControlDisableResponse", "remoteControl/status/read": "RemoteControlStatusReadResponse",
	}
	if name := odd[method]; name != "" {
		return name
	}
	return strings.TrimSuffix(params, "Params") + "Response"
}

// reach takes a definition over, and all that it refers to.
func (l *laterSchema) reach(defs map[string]map[string]any, name string) {
	if name == "" || l.Definitions[name] != nil {
		return
	}
	def := bare(defs[name]).(map[string]any)
	l.Definitions[name] = def
	for _, m := range regexp.MustCompile(`"#/definitions/([^"]+)"`).FindAllStringSubmatch(string(noteJSON(def)), -1) {
		l.reach(defs, m[1])
	}
}

func noteJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("a tree of plain values: %v", err))
	}
	return b
}

// bare leaves out what says nothing about validity.
func bare(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			_, isText := e.(string)
			if k == "$schema" || isText && slices.Contains([]string{"description", "title", "format"}, k) || k == "default" {
				continue
			}
			out[k] = bare(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = bare(e)
		}
		return out
	}
	return v
}

// object is an object type of TypeScript: its members, and the word of its "type".
type object struct {
	tag    string
	needed []string
}

// typescript reads the object types at the top of a type's file.
func typescript(t *testing.T, name string) []object {
	var raw []byte
	for _, dir := range []string{"ts/v2", "ts"} {
		if b, err := os.ReadFile(filepath.Join(*laterFrom, dir, name+".ts")); err == nil {
			raw = b
			break
		}
	}
	text := regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(string(raw), "")
	_, text, _ = strings.Cut(text, "export type "+name+" = ")
	var out []object
	depth, at := 0, 0
	for i, c := range text {
		switch c {
		case '{':
			if depth++; depth == 1 {
				at = i + 1
			}
		case '}':
			if depth--; depth == 0 {
				out = append(out, objectOf(text[at:i]))
			}
		}
	}
	return out
}

var member = regexp.MustCompile(`^\s*"?([A-Za-z_$][\w$]*)"?(\?)?: *("([^"]*)")?`)

func objectOf(text string) object {
	var o object
	depth, from := 0, 0
	add := func(part string) {
		m := member.FindStringSubmatch(part)
		if m == nil || m[2] != "" {
			return
		}
		o.needed = append(o.needed, m[1])
		if m[1] == "type" {
			o.tag = m[4]
		}
	}
	for i, c := range text {
		switch c {
		case '{', '<', '(', '[':
			depth++
		case '}', '>', ')', ']':
			depth--
		case ',':
			if depth == 0 {
				add(text[from:i])
				from = i + 1
			}
		}
	}
	add(text[from:])
	return o
}

// firmUp requires what the TypeScript has without a question mark.
func firmUp(def map[string]any, objects []object) {
	if variants, ok := def["oneOf"].([]any); ok {
		for _, v := range variants {
			v, _ := v.(map[string]any)
			props, _ := v["properties"].(map[string]any)
			tag, _ := props["type"].(map[string]any)
			words, _ := tag["enum"].([]any)
			for _, o := range objects {
				if len(words) == 1 && o.tag == words[0] {
					v["required"] = o.needed
				}
			}
		}
		return
	}
	if def["properties"] != nil && len(objects) == 1 {
		def["required"] = objects[0].needed
	}
}

func readLater() (l laterSchema, err error) {
	raw, err := os.ReadFile(laterFile)
	if err == nil {
		err = json.Unmarshal(raw, &l)
	}
	return l, err
}

// later is what the file says, ready to validate.
var later = sync.OnceValues(func() (map[string]*js.Resolved, error) {
	l, err := readLater()
	if err != nil {
		return nil, err
	}
	out := map[string]*js.Resolved{}
	for kind, names := range map[string]map[string]string{"note ": l.Notes, "ask ": l.Asks, "result ": l.Results} {
		for _, method := range slices.Sorted(maps.Keys(names)) {
			if names[method] == "" {
				continue
			}
			r, err := l.resolve(names[method])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", method, err)
			}
			out[kind+method] = r
		}
	}
	return out, nil
})

func (l *laterSchema) resolve(name string) (*js.Resolved, error) {
	part := laterSchema{Definitions: map[string]map[string]any{}}
	part.reach(l.Definitions, name)
	root := maps.Clone(l.Definitions[name])
	root["definitions"] = part.Definitions
	var s js.Schema
	if err := json.Unmarshal(noteJSON(root), &s); err != nil {
		return nil, err
	}
	return s.Resolve(nil)
}

// validLater holds a message of the server against what 0.171.0 sends.
func validLater(m gjson.Result, method string) error {
	all, err := later()
	if err != nil {
		return err
	}
	kind, body := "result ", m.Get("result")
	if m.Get("method").Exists() {
		body = m.Get("params")
		if kind = "note "; m.Get("id").Exists() {
			kind = "ask "
		}
	}
	s := all[kind+method]
	if s == nil {
		return nil // it has no such method, or nothing is known of its result
	}
	return s.Validate(body.Value())
}
