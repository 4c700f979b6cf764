package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// system makes a .deb or an .rpm with nfpm: dist/nfpm.yaml says what goes where.
func (r *release) system(ctx context.Context, t target, kind string, entries []entry) error {
	dir, err := r.layOut(entries)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// Neither format lets a version have a hyphen, and both compare by what comes first.
	compat, revision := r.base()
	version := compat + "+unix." + r.stamp() + "." + strings.ReplaceAll(revision, "-", ".")
	arch := t.arch
	if kind == "rpm" {
		arch = map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[t.arch]
	}
	name := fmt.Sprintf("codex-unix_%s_%s.%s", version, arch, kind)
	made := filepath.Join(dir, "package")
	cmd := exec.CommandContext(ctx, "go", "tool", "-modfile=dist/tools/go.mod", "nfpm", "package", "-f", "dist/nfpm.yaml", "-p", kind, "-t", made)
	cmd.Env = append(os.Environ(), "PACK_TREE="+dir, "PACK_VERSION="+version, "PACK_ARCH="+t.arch, fmt.Sprintf("SOURCE_DATE_EPOCH=%d", r.when.Unix()))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("nfpm: %w\n%s", err, out)
	}
	return r.write(name, func(w io.Writer) error {
		f, err := os.Open(made)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(w, f)
		return err
	})
}

// layOut lays the entries out as dist/nfpm.yaml names them.
func (r *release) layOut(entries []entry) (string, error) {
	dir, err := os.MkdirTemp(r.work, "system-")
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		top, rest, _ := strings.Cut(e.name, "/")
		switch {
		case e.link != "" || e.name == "SHA256SUMS": // links are in nfpm.yaml, sums in the package
			continue
		case e.program():
			e.name = "bin/" + e.name
		case top == "man":
			e.name = rest + ".gz"
		case e.name == "LICENSE":
			e.name = "doc/copyright"
		case top == e.name:
			e.name = "doc/" + e.name
		}
		if err := copyEntry(filepath.Join(dir, filepath.FromSlash(e.name)), e, top == "man"); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// copyEntry writes the file of an entry to path, compressed or as it is.
func copyEntry(path string, e entry, compress bool) error {
	f, _, err := e.open()
	if err != nil {
		return err
	}
	defer f.Close()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return fmt.Errorf("read %s: %w", e.path, err)
	}
	if compress {
		var b bytes.Buffer
		zip := gzip.NewWriter(&b)
		if _, err := zip.Write(data); err != nil {
			return err
		}
		if err := zip.Close(); err != nil {
			return err
		}
		data = b.Bytes()
	}
	if err := os.WriteFile(path, data, e.mode); err != nil {
		return err
	}
	return os.Chmod(path, e.mode) // whatever the umask is
}
