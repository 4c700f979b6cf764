package install

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// triple is what releases for this machine have in their names.
func triple() string {
	cpu := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	return cpu + map[string]string{"linux": "-unknown-linux-musl", "darwin": "-apple-darwin"}[runtime.GOOS]
}

// shop is a folder of small releases.
type shop struct {
	t   testing.TB
	dir string
}

func newShop(t testing.TB, versions ...string) *shop {
	t.Helper()
	s := &shop{t, t.TempDir()}
	for _, v := range versions {
		s.add(v, v)
	}
	return s
}

// archive is the path of the archive of a version.
func (s *shop) archive(version string) string {
	return filepath.Join(s.dir, "codex-"+version+"-"+triple()+".tar.gz")
}

// add publishes a version, whose codex says that it is another one.
func (s *shop) add(version, says string) {
	s.t.Helper()
	s.publish(version, map[string]string{
		"codex": "#!/bin/sh\n" +
			"[ \"$1\" != --version ] || { echo 'codex-cli " + says + "'; exit; }\n" +
			"echo \"$*\" >>\"$CODEX_HOME/called\"\n",
		"codex-turn":             "#!/bin/sh\n",
		"apply_patch":            "#!/bin/sh\n",
		"codex-path/apply_patch": "-> ../apply_patch",
		"LICENSE":                strings.Repeat("do what you like\n", 100),
	})
}

// publish makes the archive of a version from files and their texts, with checksums
// inside and out, and makes it the latest.
func (s *shop) publish(version string, files map[string]string) {
	s.t.Helper()
	var sums strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasPrefix(files[name], "-> ") {
			fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256([]byte(files[name])), name)
		}
	}
	files = maps.Clone(files)
	files["SHA256SUMS"] = sums.String()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	out := tar.NewWriter(zip)
	top := "codex-" + version + "-" + triple() + "/"
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := &tar.Header{Name: top + name, Mode: 0o755, Size: int64(len(files[name])), Typeflag: tar.TypeReg}
		to, link := strings.CutPrefix(files[name], "-> ")
		if link {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, to, 0
		}
		if err := out.WriteHeader(h); err != nil {
			s.t.Fatal(err)
		}
		if !link {
			if _, err := out.Write([]byte(files[name])); err != nil {
				s.t.Fatal(err)
			}
		}
	}
	if err := out.Close(); err != nil {
		s.t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		s.t.Fatal(err)
	}
	write(s.t, s.archive(version), b.String())
	s.list()
	write(s.t, filepath.Join(s.dir, "latest"), version+"\n")
}

// list writes SHA256SUMS anew.
func (s *shop) list() {
	s.t.Helper()
	archives, err := filepath.Glob(filepath.Join(s.dir, "*.tar.gz"))
	if err != nil {
		s.t.Fatal(err)
	}
	var sums strings.Builder
	for _, path := range archives {
		b, err := os.ReadFile(path)
		if err != nil {
			s.t.Fatal(err)
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(b), filepath.Base(path))
	}
	write(s.t, filepath.Join(s.dir, "SHA256SUMS"), sums.String())
}
