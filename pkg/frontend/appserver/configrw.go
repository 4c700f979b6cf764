package appserver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// Codes in the data of a refused write.
const (
	codeValidation = "configValidationError"
	codeConflict   = "configVersionConflict"
	codeReadonly   = "configLayerReadonly"
)

func refused(code, format string, args ...any) error {
	return &jsonrpc.Error{Code: jsonrpc.CodeInvalidRequest, Message: fmt.Sprintf(format, args...), Data: map[string]string{"config_write_error_code": code}}
}

// layerVersion identifies what a layer holds.
func layerVersion(l config.Layer) string {
	tree := l.Tree
	if tree == nil {
		tree = map[string]any{}
	}
	sum := sha256.Sum256(encode(tree)) // keys are sorted
	return "sha256:" + hex.EncodeToString(sum[:])
}

func layerSource(l config.Layer) protocol.ConfigLayerSource {
	s := protocol.ConfigLayerSource{Type: l.Name, File: l.Path}
	if l.Name == protocol.ConfigLayerSourceProject {
		s.DotCodexFolder = l.Dir
		if l.Path != "" {
			s.DotCodexFolder = filepath.Dir(l.Path)
		}
	}
	return s
}

func (s *Server) configRead(r *request, p *protocol.ConfigReadParams) (any, error) {
	cfg, err := s.load(func(o *config.Options) {
		if p.Cwd != nil {
			o.Cwd = *p.Cwd
		}
	})
	if err != nil {
		return nil, err
	}
	var res protocol.ConfigReadResponse
	if err := json.Unmarshal(encode(cfg.Merged()), &res.Config); err != nil {
		return nil, internal(err)
	}
	res.Origins = map[string]protocol.ConfigLayerMetadata{}
	for _, l := range cfg.Layers {
		if l.Disabled == "" {
			meta := protocol.ConfigLayerMetadata{Name: layerSource(l), Version: layerVersion(l)}
			leaves("", l.Tree, func(path string) { res.Origins[path] = meta })
		}
		if !p.IncludeLayers || !l.Found && l.Name != protocol.ConfigLayerSourceUser && l.Tree == nil {
			continue
		}
		layer := protocol.ConfigLayer{Name: layerSource(l), Version: layerVersion(l), Config: encode(l.Tree)}
		if l.Tree == nil {
			layer.Config = json.RawMessage("{}")
		}
		if l.Disabled != "" {
			layer.DisabledReason = &l.Disabled
		}
		res.Layers = append([]protocol.ConfigLayer{layer}, res.Layers...) // the strongest first
	}
	return res, nil
}

func leaves(path string, v any, fn func(string)) {
	table, ok := v.(map[string]any)
	if !ok {
		fn(path)
		return
	}
	for k, sub := range table {
		next := k
		if path != "" {
			next = path + "." + k
		}
		leaves(next, sub, fn)
	}
}

func (s *Server) configValueWrite(r *request, p *protocol.ConfigValueWriteParams) (any, error) {
	return s.writeConfig([]protocol.ConfigEdit{{KeyPath: p.KeyPath, Value: p.Value, MergeStrategy: p.MergeStrategy}}, p.FilePath, p.ExpectedVersion)
}

func (s *Server) configBatchWrite(r *request, p *protocol.ConfigBatchWriteParams) (any, error) {
	res, err := s.writeConfig(p.Edits, p.FilePath, p.ExpectedVersion)
	if err == nil && p.ReloadUserConfig {
		for _, t := range s.loaded() { // the next engine reads it
			s.lanes.do(t.lane(), t.letGo)
		}
	}
	return res, err
}

// writeConfig changes the user's config.toml: all edits or none, and only when the result
// is a configuration that can be loaded.
func (s *Server) writeConfig(edits []protocol.ConfigEdit, file, expected *string) (any, error) {
	path := filepath.Join(s.home, "config.toml")
	if file != nil && filepath.Clean(*file) != path {
		return nil, refused(codeReadonly, "Only writes to the user config are allowed")
	}
	if expected != nil {
		l, err := s.userLayer(path)
		if err != nil {
			return nil, err
		}
		if *expected != layerVersion(l) {
			return nil, refused(codeConflict, "Configuration was modified since last read. Fetch latest version and retry.")
		}
	}
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, internal(err)
	}
	text := string(old)
	var paths [][]string
	for _, e := range edits {
		changes, keys, err := changesOf(e)
		if err != nil {
			return nil, err
		}
		paths = append(paths, keys)
		for _, c := range changes {
			if text, err = config.Apply(text, c); err != nil {
				return nil, refused(codeValidation, "Invalid configuration: %v", err)
			}
		}
	}
	if err := s.try(text); err != nil {
		return nil, err
	}
	if err := config.WriteFile(path, []byte(text)); err != nil {
		return nil, internal(fmt.Errorf("write %s: %w", path, err))
	}
	return s.written(path, paths)
}

// try loads the text as the user's configuration.
func (s *Server) try(text string) error {
	dir, err := os.MkdirTemp("", "codex-config-")
	if err != nil {
		return internal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "config.toml"), []byte(text), 0o600); err != nil {
		return internal(err)
	}
	o := s.opts.Config
	get := o.Env.Get
	o.Env.Get = func(name string) string {
		if name == "CODEX_HOME" {
			return dir
		}
		if get == nil {
			return ""
		}
		return get(name)
	}
	if _, err = config.Load(context.Background(), o); err == nil {
		return nil
	}
	reason := err.Error()
	if e := config.AsError(err); e != nil {
		reason = e.Text
	}
	return refused(codeValidation, "Invalid configuration: %s", strings.ReplaceAll(reason, dir, s.home))
}

func (s *Server) userLayer(path string) (config.Layer, error) {
	cfg, err := s.load(nil)
	if err != nil {
		return config.Layer{}, err
	}
	for _, l := range cfg.Layers {
		if l.Name == protocol.ConfigLayerSourceUser {
			return l, nil
		}
	}
	return config.Layer{Name: protocol.ConfigLayerSourceUser, Path: path}, nil
}

// written tells the new version, and whether something stronger hides what was written.
func (s *Server) written(path string, paths [][]string) (any, error) {
	cfg, err := s.load(nil)
	if err != nil {
		return nil, err
	}
	res := protocol.ConfigWriteResponse{Status: protocol.WriteStatusOk, FilePath: path}
	above := false
	for _, l := range cfg.Layers {
		if l.Name == protocol.ConfigLayerSourceUser {
			res.Version, above = layerVersion(l), true
			continue
		}
		if !above || l.Disabled != "" {
			continue
		}
		for _, keys := range paths {
			if v, ok := dig(l.Tree, keys); ok {
				res.Status = protocol.WriteStatusOkOverridden
				res.OverriddenMetadata = &protocol.OverriddenMetadata{Message: "Overridden by " + l.Name, EffectiveValue: encode(v),
					OverridingLayer: protocol.ConfigLayerMetadata{Name: layerSource(l), Version: layerVersion(l)}}
			}
		}
	}
	return res, nil
}

func dig(tree any, keys []string) (any, bool) {
	for _, k := range keys {
		table, ok := tree.(map[string]any)
		if !ok {
			return nil, false
		}
		if tree, ok = table[k]; !ok {
			return nil, false
		}
	}
	return tree, true
}

// changesOf turns an edit into changes of the document.
func changesOf(e protocol.ConfigEdit) ([]config.Change, []string, error) {
	keys, err := splitKey(e.KeyPath)
	if err != nil {
		return nil, nil, refused(codeValidation, "%v", err)
	}
	d := json.NewDecoder(bytes.NewReader(e.Value))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, nil, refused(codeValidation, "value of `%s`: %v", e.KeyPath, err)
	}
	var out []config.Change
	if table, ok := v.(map[string]any); ok {
		if e.MergeStrategy == protocol.MergeStrategyReplace {
			out = append(out, config.Change{Path: keys})
		}
		err = tableChanges(keys, table, &out)
	} else if v, err = plainValue(v); err == nil {
		out = []config.Change{{Path: keys, Value: v}}
	}
	if err != nil {
		return nil, nil, refused(codeValidation, "value of `%s`: %v", e.KeyPath, err)
	}
	return out, keys, nil
}

func tableChanges(keys []string, table map[string]any, out *[]config.Change) error {
	for _, k := range sortedKeys(table) {
		path := append(append([]string(nil), keys...), k)
		if sub, ok := table[k].(map[string]any); ok {
			if err := tableChanges(path, sub, out); err != nil {
				return err
			}
			continue
		}
		v, err := plainValue(table[k])
		if err != nil {
			return err
		}
		*out = append(*out, config.Change{Path: path, Value: v})
	}
	return nil
}

// plainValue is a JSON value as the editor of the document takes it; null removes.
func plainValue(v any) (any, error) {
	switch v := v.(type) {
	case nil, string, bool:
		return v, nil
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		f, err := v.Float64()
		return f, err
	case []any:
		out := make([]string, len(v))
		for i, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, errors.New("arrays can hold strings only")
			}
			out[i] = s
		}
		return out, nil
	}
	return nil, fmt.Errorf("%T cannot be written", v)
}

// splitKey takes a dotted key path apart; a part may be in double quotes.
func splitKey(path string) ([]string, error) {
	var keys []string
	for rest := path; ; {
		var key string
		if strings.HasPrefix(rest, `"`) {
			end := strings.Index(rest[1:], `"`)
			if end < 0 {
				return nil, fmt.Errorf("key path %q: quote is not closed", shorten(path))
			}
			key, rest = rest[1:1+end], rest[2+end:]
		} else if i := strings.IndexByte(rest, '.'); i >= 0 {
			key, rest = rest[:i], rest[i:]
		} else {
			key, rest = rest, ""
		}
		if key == "" {
			return nil, errors.New("keyPath must not be empty")
		}
		keys = append(keys, key)
		if rest == "" {
			return keys, nil
		}
		if rest[0] != '.' {
			return nil, fmt.Errorf("key path %q: a dot is missing", shorten(path))
		}
		rest = rest[1:]
	}
}
