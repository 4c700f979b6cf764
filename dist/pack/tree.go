package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// entry is one file of an archive: a file on disk, some bytes, or a link.
type entry struct {
	name string      // with slashes, relative to the top
	mode fs.FileMode // permissions
	path string      // of the file, or
	data []byte      // what is in it, or
	link string      // where it leads, seen from its own folder
}

// program says whether the entry is a program itself, not a link to one.
func (e entry) program() bool { return e.link == "" && e.mode&0o111 != 0 }

func (e entry) open() (io.ReadCloser, int64, error) {
	if e.path == "" {
		return io.NopCloser(bytes.NewReader(e.data)), int64(len(e.data)), nil
	}
	f, err := os.Open(e.path)
	if err != nil {
		return nil, 0, err
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, fi.Size(), nil
}

// tree lists what is installed together on t, as install.sh unpacks it, sorted by name.
func (r *release) tree(ctx context.Context, t target) ([]entry, error) {
	bin, err := r.built(ctx, t)
	if err != nil {
		return nil, err
	}
	var all []entry
	for _, name := range r.programs {
		file := filepath.Join(bin, name)
		if fi, err := os.Stat(file); err != nil || !fi.Mode().IsRegular() || fi.Mode()&0o111 == 0 {
			return nil, fmt.Errorf("%s is no program: run make first", file)
		}
		all = append(all, entry{name: name, mode: 0o755, path: file})
	}
	// The folder that goes first on the PATH of the commands of a turn.
	all = append(all,
		entry{name: "codex-path/apply_patch", mode: 0o755, link: "../apply_patch"},
		entry{name: "codex-path/applypatch", mode: 0o755, link: "apply_patch"})
	pages, err := filepath.Glob(filepath.Join(r.root, "man", "*.[1-8]"))
	if err != nil {
		return nil, err
	}
	for _, file := range pages {
		base := filepath.Base(file)
		all = append(all, entry{name: "man/man" + base[len(base)-1:] + "/" + base, mode: 0o644, path: file})
	}
	for name, script := range r.scripts {
		all = append(all, entry{name: "completions/" + name, mode: 0o644, data: script})
	}
	for _, name := range []string{"LICENSE", "README.md"} {
		all = append(all, entry{name: name, mode: 0o644, path: filepath.Join(r.root, name)})
	}
	modules, err := r.modules(ctx, t)
	if err != nil {
		return nil, err
	}
	bom, err := r.bom(t, all, modules)
	if err != nil {
		return nil, err
	}
	all = append(all,
		entry{name: "THIRD-PARTY-NOTICES", mode: 0o644, data: notices(modules)},
		entry{name: "sbom.cdx.json", mode: 0o644, data: bom})
	slices.SortFunc(all, byName)
	sums, err := treeSums(all)
	if err != nil {
		return nil, err
	}
	all = append(all, entry{name: "SHA256SUMS", mode: 0o644, data: sums})
	slices.SortFunc(all, byName)
	return all, nil
}

func byName(a, b entry) int { return cmp.Compare(a.name, b.name) }

// treeSums is what install.sh holds an installed release against.
func treeSums(all []entry) ([]byte, error) {
	sums := map[string]string{}
	for _, e := range all {
		if e.link != "" {
			continue
		}
		sum, err := e.sum()
		if err != nil {
			return nil, err
		}
		sums[e.name] = sum
	}
	var out bytes.Buffer
	for _, e := range all {
		name := e.name
		for e.link != "" {
			to := path.Join(path.Dir(e.name), e.link)
			at := slices.IndexFunc(all, func(e entry) bool { return e.name == to })
			if at < 0 {
				return nil, fmt.Errorf("%s leads to %s, which is not there", e.name, to)
			}
			e = all[at]
		}
		fmt.Fprintf(&out, "%s  %s\n", sums[e.name], name)
	}
	return out.Bytes(), nil
}

// sum is the SHA-256 of what is in the file, in hexadecimal.
func (e entry) sum() (string, error) {
	f, _, err := e.open()
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read %s: %w", e.path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
