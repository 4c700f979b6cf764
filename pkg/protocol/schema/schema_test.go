package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// differences lists every place where our schema means something else than the captured
// one, and why. A path ending in * covers all below it; an entry that nothing meets fails
// the test.
var differences = []struct{ path, why string }{
	{
		"McpServerElicitationRequestParams.variants.form.properties.requestedSchema.*",
		"any JSON: the order of its properties is the order of the form, and a Go map would lose it",
	},
	{
		"ThreadResumeParams.properties.history.items.*",
		"any JSON: items of the Responses API pass through untouched, also the newest ones",
	},
	{
		"RawResponseItemCompletedNotification.properties.item.*",
		"any JSON: items of the Responses API pass through untouched, also the newest ones",
	},
	{"RequestPermissionProfile.closed", "unknown members are ignored everywhere"},
	{"WebSearchLocation.closed", "unknown members are ignored everywhere"},
	{"WebSearchToolConfig.closed", "unknown members are ignored everywhere"},
	{
		"ServerNotification.variants.rawResponseItem/completed",
		"sent to clients that ask for experimentalRawEvents, yet missing in the original's union",
	},
	{"ReviewStartParams.properties.outputSchema", "exec's --output-schema holds for reviews too"},
	{"TurnEnvironmentParams", "only experimental fields use it; the original lists it in the stable schema too"},
}

func TestMeansTheSame(t *testing.T) {
	peer, stable := captured(t)
	met := map[string]bool{}
	for _, experimental := range []bool{true, false} {
		want := peer
		if !experimental {
			want = stable
		}
		ours := definitions(t, Generate(experimental))
		for _, d := range compare(ours, want) {
			known := false
			for _, diff := range differences {
				prefix, all := strings.CutSuffix(diff.path, "*")
				if d.path == diff.path || all && strings.HasPrefix(d.path, prefix) {
					known, met[diff.path] = true, true
				}
			}
			if !known {
				t.Errorf("experimental=%v %s: %s", experimental, d.path, d.what)
			}
		}
	}
	for _, diff := range differences {
		if !met[diff.path] {
			t.Errorf("%s is no difference any more", diff.path)
		}
	}
}

// captured gives the definitions of the original's experimental and stable schemas.
func captured(t *testing.T) (experimental, stable map[string]any) {
	t.Helper()
	read := func(name string, into any) {
		raw, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatal(err)
		}
	}
	read("experimental.json", &experimental)
	var delta struct {
		Missing []string       `json:"missing"`
		Changed map[string]any `json:"changed"`
	}
	read("stable.json", &delta)
	stable = maps.Clone(experimental)
	for _, n := range delta.Missing {
		delete(stable, n)
	}
	maps.Copy(stable, delta.Changed)
	return experimental, stable
}

// definitions gives all definitions of the nested bundle side by side.
func definitions(t *testing.T, files map[string][]byte) map[string]any {
	t.Helper()
	raw := strings.ReplaceAll(string(files[Bundle]), "#/definitions/v2/", "#/definitions/")
	var b struct {
		Definitions map[string]any `json:"definitions"`
	}
	if err := json.Unmarshal([]byte(raw), &b); err != nil {
		t.Fatal(err)
	}
	v2 := b.Definitions["v2"].(map[string]any)
	delete(b.Definitions, "v2")
	maps.Copy(b.Definitions, v2)
	return b.Definitions
}

type difference struct{ path, what string }

func compare(ours, peer map[string]any) []difference {
	c := comparer{ours: ours, peer: peer}
	for _, name := range slices.Sorted(maps.Keys(peer)) {
		if mine, ok := ours[name]; ok {
			c.node(name, c.norm(mine, ours, peer), c.norm(peer[name], peer, ours))
		} else if c.used(name) {
			c.add(name, "missing")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		if _, ok := peer[name]; !ok && !c.inlined(name) {
			c.add(name, "only ours")
		}
	}
	return c.out
}

type comparer struct {
	ours, peer map[string]any
	text       string // ours, encoded
	out        []difference
}

func (c *comparer) add(path, format string, args ...any) {
	c.out = append(c.out, difference{path, fmt.Sprintf(format, args...)})
}

// used tells whether a definition that we lack is one of a method: other types are
// compared where they are used.
func (c *comparer) used(name string) bool {
	for _, end := range []string{"Params", "Response", "Notification"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return strings.HasPrefix(name, "JSONRPC")
}

// inlined tells whether a definition of ours stands inline in the original, where it is
// compared.
func (c *comparer) inlined(name string) bool {
	if c.text == "" {
		raw, _ := json.Marshal(c.ours)
		c.text = string(raw)
	}
	return strings.Contains(c.text, `"#/definitions/`+name+`"`)
}

func (c *comparer) node(path string, got, want any) {
	if reflect.DeepEqual(got, want) {
		return
	}
	g, ok1 := got.(map[string]any)
	w, ok2 := want.(map[string]any)
	if !ok1 || !ok2 {
		c.add(path, "got %s, want %s", text(got), text(want))
		return
	}
	keys := map[string]bool{}
	for k := range g {
		keys[k] = true
	}
	for k := range w {
		keys[k] = true
	}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		c.node(path+"."+k, g[k], w[k])
	}
}

func text(v any) string {
	raw, _ := json.Marshal(v)
	if len(raw) > 300 {
		raw = append(raw[:300], "…"...)
	}
	return string(raw)
}

// norm brings a schema to one spelling: a map of what matters, with unions as maps keyed
// by their variant, references resolved unless both sides have the definition.
func (c *comparer) norm(v any, own, other map[string]any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return map[string]any{} // true: anything
	}
	m = maps.Clone(m)
	for _, k := range []string{"$schema", "title", "description", "writeOnly", "definitions"} {
		delete(m, k)
	}
	if ref, ok := m["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/definitions/")
		if _, both := other[name]; both {
			return map[string]any{"$ref": name}
		}
		return c.norm(own[name], own, other)
	}
	out := map[string]any{}
	merge := func(v any) {
		for k, x := range c.norm(v, own, other).(map[string]any) {
			out[k] = x
		}
	}
	if l, ok := m["allOf"].([]any); ok && len(l) == 1 {
		merge(l[0])
		delete(m, "allOf")
	}
	if l, ok := m["anyOf"].([]any); ok && len(l) == 2 && reflect.DeepEqual(l[1], map[string]any{"type": "null"}) {
		merge(l[0])
		out["nullable"] = true
		delete(m, "anyOf")
	}
	for _, k := range []string{"oneOf", "anyOf"} {
		l, ok := m[k].([]any)
		if !ok {
			continue
		}
		delete(m, k)
		c.union(l, m, out, own, other)
	}
	for k, x := range m {
		switch k {
		case "type":
			if l, ok := x.([]any); ok {
				out["nullable"], x = true, l[0]
			}
			out["type"] = x
		case "enum":
			out["enum"] = wordSet(x)
		case "required":
			set := map[string]any{}
			for _, w := range x.([]any) {
				set[w.(string)] = true
			}
			out["required"] = set
		case "properties":
			props := map[string]any{}
			for n, p := range x.(map[string]any) {
				props[n] = c.norm(p, own, other)
			}
			out["properties"] = props
		case "items":
			out["items"] = c.norm(x, own, other)
		case "additionalProperties":
			if x == false {
				out["closed"] = true
			} else if x != true {
				out["additionalProperties"] = c.norm(x, own, other)
			}
		case "format":
			if x == "uint" { // the size of a machine word there, 64 bits here
				x = "uint64"
			}
			out["format"] = x
		case "default":
			if x != nil {
				out["default"] = x
			}
		case "minimum":
			out["minimum"] = x
		default:
			out[k] = x
		}
	}
	return out
}

// union writes the variants of a union into out. What stands beside the union in common
// belongs to each variant.
func (c *comparer) union(l []any, common, out map[string]any, own, other map[string]any) {
	variants := map[string]any{}
	words := map[string]any{}
	for _, x := range l {
		n := c.norm(x, own, other).(map[string]any)
		if e, ok := n["enum"].(map[string]any); ok && n["type"] == "string" {
			maps.Copy(words, e)
			continue
		}
		if p, ok := common["properties"].(map[string]any); ok {
			for name, s := range p {
				n["properties"].(map[string]any)[name] = c.norm(s, own, other)
			}
			for _, r := range common["required"].([]any) {
				n["required"].(map[string]any)[r.(string)] = true
			}
		}
		variants[variantName(n)] = n
	}
	delete(common, "properties")
	delete(common, "required")
	if common["type"] == "object" {
		delete(common, "type")
	}
	if len(words) > 0 {
		if len(variants) == 0 {
			out["type"], out["enum"] = "string", words
			return
		}
		variants["words"] = words
	}
	out["variants"] = variants
}

// variantName is the word of a tagged variant, the key of an external one, or its text.
func variantName(n map[string]any) string {
	props, _ := n["properties"].(map[string]any)
	for _, tag := range []string{"method", "type", "kind", "mode"} {
		if p, ok := props[tag].(map[string]any); ok {
			if e, ok := p["enum"].(map[string]any); ok && len(e) == 1 {
				for w := range e {
					return w
				}
			}
		}
	}
	if len(props) == 1 && n["closed"] == true {
		for k := range props {
			return k
		}
	}
	return text(n)
}

func wordSet(x any) map[string]any {
	set := map[string]any{}
	for _, w := range x.([]any) {
		set[fmt.Sprint(w)] = true
	}
	return set
}
