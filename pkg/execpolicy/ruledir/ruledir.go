// Package ruledir finds the rules files of a session in the folders of its configuration
// layers, and adds a rule to the user's own. It does not read what
// the files say; package rules does.
//
// Ground layer: it imports config, foreign, jsonrpc and ostext.
package ruledir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"codex/pkg/config"
	"codex/pkg/foreign"
	"codex/pkg/ostext"
)

// Folders lists the rules folders of a configuration, those that count least first: the
// system's, the user's, those of a trusted project from its root downwards. With system,
// only the first.
func Folders(layers []config.Layer, system bool) []string {
	var out []string
	for _, l := range layers {
		switch l.Name {
		case "user", "project":
			if system {
				continue
			}
		case "system":
		default:
			continue
		}
		if dir := filepath.Join(l.Dir, "rules"); l.Disabled == "" && !slices.Contains(out, dir) {
			out = append(out, dir)
		}
	}
	return out
}

// Files lists the rules files of folders, each folder's in the order of their names. A
// folder that is not there has none; one that can't be read is an error, and so is a file that
// is none, so that nobody works without rules and believes otherwise.
func Files(folders []string) ([]string, error) {
	var out []string
	for _, dir := range folders {
		entries, err := os.ReadDir(dir)
		switch {
		case errors.Is(err, os.ErrNotExist):
			continue
		case err != nil:
			return nil, fmt.Errorf("failed to read rules files from %s: %s", dir, ostext.Of(err))
		}
		for _, e := range entries {
			if filepath.Ext(e.Name()) != ".rules" {
				continue
			}
			path := filepath.Join(dir, e.Name())
			to, err := os.Stat(path)
			switch {
			case err != nil:
				return nil, fmt.Errorf("failed to read rules file %s: %s", path, ostext.Of(err))
			case to.IsDir():
				continue
			case !to.Mode().IsRegular():
				return nil, fmt.Errorf("failed to read rules file %s: %w", path, foreign.ErrNotRegular)
			}
			out = append(out, path)
		}
	}
	return out, nil
}
