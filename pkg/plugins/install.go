package plugins

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"codex/pkg/config"
	"codex/pkg/foreign"
	"codex/pkg/ostext"
)

// Bounds of what is copied.
const (
	maxFiles = 5000
	maxBytes = 256 << 20
)

// Install copies a plugin of a marketplace into CODEX_HOME and switches it on. It gives
// the folder.
func Install(ctx context.Context, home string, m *Marketplace, name string) (dir string, err error) {
	e, err := m.Find(name)
	if err != nil {
		return "", err
	}
	if e.Withheld() {
		return "", fmt.Errorf("plugin `%s` is not available for install in marketplace `%s`", name, m.Name)
	}
	if err := below(m.Root, e.Dir); err != nil {
		return "", fmt.Errorf("install plugin %s: %w", name, err)
	}
	manifest, err := Read(e.Dir)
	if err != nil {
		return "", err
	}
	version := cmp.Or(manifest.Version, "local")
	parent := cache(home, name, m.Name)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", fmt.Errorf("install plugin %s: %w", name, err)
	}
	tmp, err := os.MkdirTemp(parent, ".new-")
	if err != nil {
		return "", fmt.Errorf("install plugin %s: %w", name, err)
	}
	defer os.RemoveAll(tmp)
	if err := copyTree(ctx, e.Dir, tmp); err != nil {
		return "", fmt.Errorf("install plugin %s: %w", name, err)
	}
	dir = filepath.Join(parent, version)
	err = os.Chmod(tmp, 0o755)
	if err == nil {
		err = replace(tmp, dir)
	}
	if err == nil {
		err = removeAll(parent, version)
	}
	if err != nil {
		return "", fmt.Errorf("install plugin %s: %w", name, err)
	}
	return dir, config.Edit(ctx, home, config.Change{Path: []string{"plugins", name + "@" + m.Name, "enabled"}, Value: true})
}

// below fails when links on the way lead a folder out of root.
func below(root, dir string) error {
	root, err := filepath.EvalSymlinks(root)
	real, derr := filepath.EvalSymlinks(dir)
	if err := errors.Join(err, derr); err != nil {
		return err
	}
	if rel, err := filepath.Rel(root, real); err != nil || !filepath.IsLocal(rel) {
		return fmt.Errorf("%s lies outside of its marketplace", dir)
	}
	return nil
}

// replace gives a folder another's name. What has that goes to a name of its own, and comes
// back when it cannot be.
func replace(from, to string) error {
	old := from + ".old"
	err := os.Rename(to, old)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	had := err == nil
	if err = os.Rename(from, to); err != nil && had {
		err = errors.Join(err, os.Rename(old, to))
	}
	return err
}

// removeAll empties a folder but for one name.
func removeAll(dir, but string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if e.Name() != but {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// copyTree copies files and folders. Links and what is no file are refused: they could
// lead anywhere, and something else tomorrow.
func copyTree(ctx context.Context, from, to string) error {
	files, size := 0, int64(0)
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		rel, rerr := filepath.Rel(from, path)
		if err = errors.Join(err, rerr); err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case d.IsDir() && d.Name() == ".git":
			return filepath.SkipDir
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case !d.Type().IsRegular():
			return fmt.Errorf("%s is no regular file", path)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		b, err := foreign.ReadFile(path, maxBytes)
		if err != nil {
			return err
		}
		files, size = files+1, size+int64(len(b))
		if files > maxFiles || size > maxBytes {
			return fmt.Errorf("it has more than %d files or %d bytes", maxFiles, int64(maxBytes))
		}
		return os.WriteFile(target, b, info.Mode().Perm()&0o755|0o600)
	})
}

// Uninstall takes a plugin off this machine and out of the configuration. It says whether
// there was one.
func Uninstall(ctx context.Context, cfg *config.Config, name, marketplace string) (was bool, err error) {
	dir, id := cache(cfg.Home, name, marketplace), name+"@"+marketplace
	_, missing := os.Lstat(dir)
	was = missing == nil || own(cfg, "plugins")[id] != nil
	err = os.RemoveAll(dir)
	return was, errors.Join(err, config.Edit(ctx, cfg.Home, config.Change{Path: []string{"plugins", id}}), fixed(cfg, "plugins", id))
}

// fixed fails when a layer that nothing here changes has an entry of a table too.
func fixed(cfg *config.Config, key, name string) error {
	for _, l := range cfg.Layers {
		table, _ := l.Tree[key].(map[string]any)
		if counts(l) && l.Name != config.LayerUser && table[name] != nil {
			return fmt.Errorf("%s is in [%s] of %s as well, where it stays", name, key, cmp.Or(l.Path, l.Name))
		}
	}
	return nil
}

// Local is the folder that the source of a marketplace names, seen from cwd. What would have to
// be fetched is refused.
func Local(source, cwd string) (string, error) {
	if u, err := url.Parse(source); err == nil && u.Scheme != "" && u.Host != "" || strings.HasPrefix(source, "git@") {
		return "", fmt.Errorf("%s is not on this machine: clone it with git, and add its folder", source)
	}
	if !filepath.IsAbs(source) {
		source = filepath.Join(cwd, source)
	}
	return source, nil
}

// Add writes a folder's marketplace into the configuration. It says whether it was there.
func Add(ctx context.Context, cfg *config.Config, dir string, now time.Time) (m Marketplace, already bool, err error) {
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return m, false, fmt.Errorf("failed to resolve local marketplace source path: %s", ostext.Of(err))
	}
	if m, err = Open(root); err != nil {
		return m, false, err
	}
	have, there := own(cfg, "marketplaces")[m.Name]["source"].(string)
	if there && have != root {
		return m, false, fmt.Errorf("marketplace `%s` is already added from a different source; remove it before adding this source", m.Name)
	}
	key := func(name string) []string { return []string{"marketplaces", m.Name, name} }
	return m, there, config.Edit(ctx, cfg.Home, config.Change{Path: key("last_updated"), Value: now.UTC().Format(time.RFC3339)},
		config.Change{Path: key("source_type"), Value: "local"}, config.Change{Path: key("source"), Value: root})
}

// Remove takes a marketplace out of the configuration.
func Remove(ctx context.Context, cfg *config.Config, name string) error {
	if own(cfg, "marketplaces")[name] == nil {
		return fmt.Errorf("marketplace `%s` is not configured or installed", name)
	}
	return errors.Join(config.Edit(ctx, cfg.Home, config.Change{Path: []string{"marketplaces", name}}), fixed(cfg, "marketplaces", name))
}
