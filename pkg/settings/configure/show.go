package configure

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"codex/pkg/config"
	"codex/pkg/config/keys"
	"codex/pkg/jsonrpc"
	"codex/pkg/settings"
)

type showCmd struct {
	JSON bool     `name:"json" help:"print one JSON object a line"`
	All  bool     `help:"print the defaults of all other keys as well"`
	Keys []string `arg:"" optional:"" name:"key" help:"keys or tables to show, all when none is named"`
}

// row is one setting.
type row struct {
	Key     string `json:"key"`
	Value   any    `json:"value"`
	Layer   string `json:"layer"`
	File    string `json:"file,omitempty"`
	Profile string `json:"profile,omitempty"`
}

// Run prints the settings.
func (c showCmd) Run(ctx context.Context, f settings.Flags, p settings.Process) error {
	cfg, err := f.Load(ctx, p)
	if err != nil {
		return err
	}
	rows := inForce(cfg, rowsOf(cfg))
	if c.All || len(c.Keys) > 0 {
		rows = withDefaults(rows)
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.Key, b.Key) })
	if rows, err = chosen(rows, c.Keys); err != nil {
		return err
	}
	var b strings.Builder
	for _, r := range rows {
		if err := r.write(&b, c.JSON); err != nil {
			return err
		}
	}
	_, err = io.WriteString(p.Stdout, b.String())
	return err
}

func (r row) write(b *strings.Builder, asJSON bool) error {
	if !asJSON {
		fmt.Fprintf(b, "%s = %s  # %s\n", r.Key, config.Encode(r.Value), source(r))
		return nil
	}
	line, err := jsonrpc.Marshal(r)
	if err != nil {
		return fmt.Errorf("print %s: %w", r.Key, err)
	}
	b.Write(append(json.RawMessage(line), '\n'))
	return nil
}

// rowsOf lists what the layers set, sorted by key.
func rowsOf(cfg *config.Config) []row {
	var rows []row
	var walk func(path []string, v any)
	walk = func(path []string, v any) {
		if t, ok := v.(map[string]any); ok && (len(t) > 0 || len(path) == 0) {
			for _, k := range slices.Sorted(maps.Keys(t)) {
				walk(append(slices.Clip(path), k), t[k])
			}
			return
		}
		r := rowAt(cfg, path)
		r.Value = shown(path, v)
		rows = append(rows, r)
	}
	walk(nil, cfg.Settings())
	return rows
}

// inForce adds what came of the settings that decide most, or corrects them: options and an
// administrator's requirements stand over the layers.
func inForce(cfg *config.Config, rows []row) []row {
	for _, e := range []struct{ key, value, option string }{
		{"model", cfg.Model, "option"}, {"model_provider", cfg.ProviderID, "option"},
		{"approval_policy", cfg.ApprovalPolicy, "requirements"}, {"sandbox_mode", cfg.SandboxMode, "requirements"},
		{"approvals_reviewer", cfg.ApprovalsReviewer, "requirements"}, {"web_search", cfg.WebSearch, "requirements"},
	} {
		i := slices.IndexFunc(rows, func(r row) bool { return r.Key == e.key })
		switch {
		case i < 0 && e.key == "approval_policy" && e.value == "granular": // its table has the rows
		case i < 0 && e.option == "option" && e.value != keys.Default(e.key):
			rows = append(rows, row{Key: e.key, Value: e.value, Layer: e.option})
		case i < 0:
			rows = append(rows, row{Key: e.key, Value: e.value, Layer: "default"})
		case rows[i].Value != e.value:
			rows[i] = row{Key: e.key, Value: e.value, Layer: e.option}
		}
	}
	return rows
}

// withDefaults adds the defaults of keys that no layer sets.
func withDefaults(rows []row) []row {
	set := map[string]bool{}
	for _, r := range rows {
		set[r.Key] = true
	}
	for _, k := range keys.All(keys.Config) {
		if k.Used && k.Default != "" && !set[k.Path] && !strings.ContainsAny(k.Path, "<[") {
			rows = append(rows, row{Key: k.Path, Value: k.Value(), Layer: "default"})
		}
	}
	return rows
}

func rowAt(cfg *config.Config, path []string) row {
	r := row{Key: config.DottedKey(path), Layer: "default"}
	if l, profile, ok := cfg.Origin(path...); ok {
		r.Layer, r.File, r.Profile = l.Name, l.Path, profile
	}
	return r
}

// origin names where a setting comes from.
func origin(cfg *config.Config, path ...string) string { return source(rowAt(cfg, path)) }

func source(r row) string {
	s := r.Layer
	if r.File != "" {
		s += " " + r.File
	}
	if r.Profile != "" {
		s += " [profiles." + r.Profile + "]"
	}
	return s
}

// chosen are the rows with one of the keys, or below it.
func chosen(rows []row, keys []string) ([]row, error) {
	if len(keys) == 0 {
		return rows, nil
	}
	var out []row
	for _, k := range keys {
		n := len(out)
		for _, r := range rows {
			if r.Key == k || strings.HasPrefix(r.Key, k+".") {
				out = append(out, r)
			}
		}
		if len(out) == n {
			return nil, fmt.Errorf("%s is not set", k)
		}
	}
	return out, nil
}

// shown is the value, without what it keeps secret.
func shown(path []string, v any) any {
	last := path[len(path)-1]
	parent := ""
	if len(path) > 1 {
		parent = path[len(path)-2]
	}
	switch {
	case last == "experimental_bearer_token", last == "bearer_token", last == "client_secret", parent == "http_headers", parent == "headers", parent == "query_params", parent == "env" && path[0] == "mcp_servers", parent == "set" && path[0] == "shell_environment_policy":
		return hidden
	}
	switch v := v.(type) {
	case string: // passwords of addresses, as in an argument of a command
		return regexp.MustCompile(`(://[^/?#\s:@]*):[^/?#\s]*@`).ReplaceAllString(v, "$1:xxxxx@")
	case []any:
		l := make([]any, len(v))
		for i, x := range v {
			l[i] = shown(path, x)
		}
		return l
	}
	return v
}

// hidden stands for a value that may be a secret.
const hidden = "***"
