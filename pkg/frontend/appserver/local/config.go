package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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

func (s *Service) configRead(r *Request, p *protocol.ConfigReadParams) (any, error) {
	cfg, err := s.Load(func(o *config.Options) {
		if p.Cwd != nil {
			o.Cwd = *p.Cwd
		}
	})
	if err != nil {
		return nil, err
	}
	var res protocol.ConfigReadResponse
	if err := json.Unmarshal(encode(cfg.Merged()), &res.Config); err != nil {
		return nil, err
	}
	res.Origins = map[string]protocol.ConfigLayerMetadata{}
	for _, l := range cfg.Layers {
		if l.Disabled == "" {
			meta := protocol.ConfigLayerMetadata{Name: layerSource(l), Version: layerVersion(l)}
			leaves("", l.Tree, func(path string) { res.Origins[path] = meta })
		}
		if !p.IncludeLayers || !l.Found && l.Name != protocol.ConfigLayerSourceUser && len(l.Tree) == 0 {
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

// leaves calls fn with the path of each value; those of a list are numbered.
func leaves(path string, v any, fn func(string)) {
	below := func(k string, sub any) {
		leaves(strings.TrimPrefix(path+"."+k, "."), sub, fn)
	}
	switch v := v.(type) {
	case map[string]any:
		for k, sub := range v {
			below(k, sub)
		}
	case []any:
		for i, sub := range v {
			below(strconv.Itoa(i), sub)
		}
	default:
		fn(path)
	}
}

func (s *Service) configValueWrite(r *Request, p *protocol.ConfigValueWriteParams) (any, error) {
	return s.writeConfig([]protocol.ConfigEdit{{KeyPath: p.KeyPath, Value: p.Value, MergeStrategy: p.MergeStrategy}}, p.FilePath, p.ExpectedVersion)
}

func (s *Service) configBatchWrite(r *Request, p *protocol.ConfigBatchWriteParams) (any, error) {
	res, err := s.writeConfig(p.Edits, p.FilePath, p.ExpectedVersion)
	if err == nil && p.ReloadUserConfig {
		s.Reload()
	}
	return res, err
}

// writeConfig changes the user's config.toml: all edits or none, and only when the result
// is a configuration that can be loaded.
func (s *Service) writeConfig(edits []protocol.ConfigEdit, file, expected *string) (any, error) {
	path := filepath.Join(s.Home, "config.toml")
	if file != nil && filepath.Clean(*file) != path {
		return nil, refused(codeReadonly, "Only writes to the user config are allowed")
	}
	var paths [][]string
	err := config.Update(context.Background(), path, func(text string) (string, error) {
		if expected != nil {
			l, err := s.userLayer(path)
			if err != nil {
				return "", err
			}
			if *expected != layerVersion(l) {
				return "", refused(codeConflict, "Configuration was modified since last read. Fetch latest version and retry.")
			}
		}
		for _, e := range edits {
			changes, keys, err := changesOf(e)
			if err != nil {
				return "", err
			}
			paths = append(paths, keys)
			for _, c := range changes {
				if text, err = config.Apply(text, c); err != nil {
					return "", refused(codeValidation, "Invalid configuration: %v", err)
				}
			}
		}
		return text, s.try(text)
	})
	var wire *jsonrpc.Error
	switch {
	case errors.As(err, &wire):
		return nil, wire
	case err != nil:
		return nil, err
	}
	return s.written(path, paths)
}

// try loads the text as the user's configuration.
func (s *Service) try(text string) error {
	dir, err := os.MkdirTemp("", "codex-config-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "config.toml"), []byte(text), 0o600); err != nil {
		return err
	}
	o := s.Config
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
	return refused(codeValidation, "Invalid configuration: %s", strings.ReplaceAll(reason, dir, s.Home))
}

func (s *Service) userLayer(path string) (config.Layer, error) {
	cfg, err := s.Load(nil)
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
func (s *Service) written(path string, paths [][]string) (any, error) {
	cfg, err := s.Load(nil)
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
	keys, err := config.ParseKey(e.KeyPath)
	if err != nil {
		return nil, nil, refused(codeValidation, "keyPath `%s`: %v", jsonrpc.Shorten(e.KeyPath), err)
	}
	v, err := config.ValueOfJSON(e.Value)
	if err != nil {
		return nil, nil, refused(codeValidation, "value of `%s`: %v", e.KeyPath, err)
	}
	var out []config.Change
	if table, ok := v.(map[string]any); ok {
		if e.MergeStrategy == protocol.MergeStrategyReplace {
			out = append(out, config.Change{Path: keys})
		}
		return tableChanges(out, keys, table), keys, nil
	}
	return []config.Change{{Path: keys, Value: v}}, keys, nil
}

func tableChanges(out []config.Change, keys []string, table map[string]any) []config.Change {
	for _, k := range slices.Sorted(maps.Keys(table)) {
		path := append(slices.Clone(keys), k)
		if sub, ok := table[k].(map[string]any); ok {
			out = tableChanges(out, path, sub)
		} else {
			out = append(out, config.Change{Path: path, Value: table[k]})
		}
	}
	return out
}

// encode is v in JSON; what cannot be encoded is a mistake of ours.
func encode(v any) []byte {
	b, err := jsonrpc.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", v, err))
	}
	return b
}
