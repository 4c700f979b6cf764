package keys

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"codex/pkg/config"
)

var update = flag.Bool("update", false, "write man/codex-config.5")

// TestPage holds the page against the table of keys.
func TestPage(t *testing.T) {
	const path = "../../../man/codex-config.5"
	if *update {
		if err := os.WriteFile(path, []byte(page()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != page() {
		t.Errorf("%s is not what the table says: go test ./pkg/config/keys -update", path)
	}
}

// TestTold holds that each key has an effect, or a reason to have none, which cannot be taken
// for the mark of a required key.
func TestTold(t *testing.T) {
	for _, file := range []string{Config, Requirements} {
		all := All(file)
		if len(all) < 40 {
			t.Errorf("%s: %d keys", file, len(all))
		}
		seen := map[string]bool{}
		for _, k := range all {
			if k.Effect == "" || strings.Contains(k.Effect, "! ") || strings.HasSuffix(k.Effect, ".") {
				t.Errorf("%s: %s: effect %q", file, k.Path, k.Effect)
			}
			seen[k.Path] = true
		}
	}
}

// TestOriginal holds that every key of the original's own schema is known, and those that
// 0.171 was seen to know beside them.
func TestOriginal(t *testing.T) {
	testKnown(t, "testdata/keys.0.133.0.txt", 700)
	testKnown(t, "testdata/keys.0.171.txt", 100)
}

func testKnown(t *testing.T, list string, least int) {
	b, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	ours := map[string]bool{}
	for _, k := range All(Config) {
		ours[k.Path] = true
	}
	n := 0
	for path := range strings.FieldsSeq(string(b)) {
		n++
		path, inProfile := strings.CutPrefix(path, "profiles.<name>.")
		if inProfile {
			top, _, _ := strings.Cut(path, ".")
			path = "profiles.<name>." + top
		}
		if name, ok := strings.CutPrefix(path, "features."); ok && !strings.Contains(name, ".") {
			// builtin_mcp is in the schema only: no release lists it.
			if _, known := config.KnownFeature(name); !known && name != "builtin_mcp" {
				t.Errorf("feature %s", name)
			}
			continue
		}
		if strings.HasPrefix(path, "features.") {
			continue // details of a feature, which its own type holds
		}
		if !ours[path] {
			t.Errorf("%s is not known", path)
		}
	}
	if n < least {
		t.Errorf("%s: %d keys", list, n)
	}
}

// TestDefaults holds the defaults of the table against those of the loader, and their types
// against the loader's checks.
func TestDefaults(t *testing.T) {
	dir := t.TempDir()
	env := config.Env{Home: dir, Cwd: dir, SystemDir: dir}
	var lines []string
	for _, k := range All(Config) {
		if k.Default != "" && !strings.ContainsAny(k.Path, "<[") && k.Path != "model_provider" {
			lines = append(lines, k.Path+"="+k.Default)
		}
	}
	// Without the granular policy's own switches, which need their neighbours.
	lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "approval_policy.") })
	plain, err := config.Load(context.Background(), config.Options{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	said, err := config.Load(context.Background(), config.Options{Env: env, Overrides: lines, Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	x, y := reflect.ValueOf(*plain), reflect.ValueOf(*said)
	for i := range x.NumField() {
		f := x.Type().Field(i)
		if !f.IsExported() || slices.Contains([]string{"Layers", "Features", "ModelExplicit", "Personality", "ProjectDocFallback", "Pipeline", "ShellEnv", "Workspace"}, f.Name) {
			continue // Personality: "" is the default one; empty lists are no lists
		}
		if !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			t.Errorf("%s: by default %v, by the table %v", f.Name, x.Field(i), y.Field(i))
		}
	}
}

// TestJSONSchema holds that the schema has no reference to nowhere, and the keys of the table.
func TestJSONSchema(t *testing.T) {
	b, err := JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Properties  map[string]any
		Definitions map[string]any
	}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	for part := range strings.SplitSeq(string(b), `"#/definitions/`) {
		name, _, _ := strings.Cut(part, `"`)
		if name != "{\n  " && s.Definitions[name] == nil {
			t.Errorf("no definition %s", name)
		}
	}
	for _, k := range All(Config) {
		if !strings.Contains(k.Path, ".") && s.Properties[k.Path] == nil {
			t.Errorf("no property %s", k.Path)
		}
	}
	if !strings.Contains(string(b), `"default": 32768`) {
		t.Error("no default of project_doc_max_bytes")
	}
}
