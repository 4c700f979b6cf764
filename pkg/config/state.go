package config

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// stateFile keeps what programs must remember where config.toml cannot be written: it is made
// by another program, or lies on a medium that is only read.
const stateFile = "state.toml"

// Remember stores settings in config.toml. Where that one is not for writing, what a program
// has to remember between runs, such as a trust decision, goes into state.toml beside it. It
// gives the path of the file that has them.
func Remember(ctx context.Context, home string, changes ...Change) (path string, err error) {
	path = UserFile(home)
	if err = EditFile(ctx, path, changes...); err == nil || !readOnly(err) {
		return path, err
	}
	if slices.ContainsFunc(changes, func(c Change) bool { return !isState(c.Path) }) {
		return "", err
	}
	path = filepath.Join(home, stateFile)
	if own := EditFile(ctx, path, changes...); own != nil {
		return "", errors.Join(err, own)
	}
	return path, nil
}

// stateTables are what counts in state.toml; of hooks it is the table state.
func stateTables() []string { return []string{"projects", "notice", "hooks"} }

// isState tells that a setting counts in state.toml.
func isState(path []string) bool {
	return len(path) > 0 && slices.Contains(stateTables(), path[0]) && (path[0] != "hooks" || len(path) > 1 && path[1] == "state")
}

// readOnly tells that a file, or its folder, cannot be written by this user.
func readOnly(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)
}

// remembered is what state.toml has of the keys that programs remember; everything else in it
// does not count. config.toml stands over it.
func (s *stack) remembered() (map[string]any, error) {
	path := filepath.Join(s.home, stateFile)
	if _, err := os.Lstat(path); err != nil {
		return nil, nil // there is seldom one
	}
	text, _, err := readFile(path, maxFile)
	if err != nil {
		return nil, err
	}
	t, err := s.docs.decode(text)
	if err != nil {
		return nil, err.(*syntaxError).at(path)
	}
	kept := map[string]any{}
	for _, k := range stateTables() {
		if v, ok := t[k].(map[string]any); ok {
			kept[k] = v
		}
	}
	if hooks, ok := kept["hooks"].(map[string]any); ok {
		kept["hooks"] = map[string]any{"state": hooks["state"]}
		if _, ok := hooks["state"].(map[string]any); !ok {
			delete(kept, "hooks")
		}
	}
	return kept, nil
}
