package mcp

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"codex/pkg/atomicfile"
	"codex/pkg/config"
	"codex/pkg/foreign"
	"codex/pkg/jsonrpc"
	"codex/pkg/mcp/wire"
)

const (
	// fresh is how long a manifest is good: a program may get its tools from elsewhere.
	fresh       = 24 * time.Hour
	maxManifest = 8 << 20
)

// cacheFile is where the manifest of a server is kept: by its settings and by which program
// that is, or whether somebody has logged in since.
func (s *Servers) cacheFile(v *server) (string, bool) {
	type file struct {
		Path string
		Size int64
		Time int64
	}
	key := struct {
		Server config.MCPServer
		Files  []file
	}{Server: v.MCPServer}
	add := func(path string) bool {
		st, err := os.Stat(path)
		if err == nil {
			key.Files = append(key.Files, file{path, st.Size(), st.ModTime().UnixNano()})
		}
		return err == nil
	}
	if v.Command != "" {
		program := v.Command
		if !strings.ContainsAny(program, `/\`) {
			path, err := exec.LookPath(program)
			if err != nil {
				return "", false
			}
			program = path
		} else if !filepath.IsAbs(program) {
			program = filepath.Join(v.Cwd, program)
		}
		if !add(program) {
			return "", false
		}
		for _, a := range v.Args { // scripts
			if filepath.IsAbs(a) {
				add(a)
			} else if strings.Contains(a, ".") {
				add(filepath.Join(v.Cwd, a))
			}
		}
	} else {
		add(filepath.Join(s.o.Home, ".credentials.json"))
	}
	b, err := json.Marshal(key)
	if err != nil {
		return "", false
	}
	sum := sha256.Sum256(b)
	return filepath.Join(s.o.Home, "cache", "mcp", hex.EncodeToString(sum[:16])+".json"), true
}

// cached is the manifest of a server that was seen lately, nil for none.
func (s *Servers) cached(v *server) *wire.Manifest {
	path, ok := s.cacheFile(v)
	if !ok {
		return nil
	}
	st, err := os.Stat(path)
	if err != nil || time.Since(st.ModTime()) > fresh || time.Until(st.ModTime()) > time.Minute {
		return nil
	}
	b, err := foreign.ReadFile(path, maxManifest)
	if err != nil || !jsonrpc.Valid(b) {
		return nil
	}
	m := new(wire.Manifest)
	if json.Unmarshal(b, m) != nil || m.Tools == nil {
		return nil
	}
	return m
}

// remember keeps a manifest. One that cannot be kept costs the next thread a start.
func (s *Servers) remember(v *server, m *wire.Manifest) {
	path, ok := s.cacheFile(v)
	if !ok {
		return
	}
	b, err := jsonrpc.Marshal(m)
	if err != nil || len(b) > maxManifest {
		return
	}
	if os.MkdirAll(filepath.Dir(path), 0o700) == nil && atomicfile.Write(path, 0o600, b) == nil {
		sweep(filepath.Dir(path))
	}
}

// sweep removes what nobody reads any more: each change of a server's settings, or of its
// program, makes a file with another name.
func sweep(dir string) {
	files, _ := os.ReadDir(dir) // what cannot be listed stays
	for _, f := range files {
		if st, err := f.Info(); err == nil && st.Mode().IsRegular() && time.Since(st.ModTime()) > 2*fresh {
			_ = os.Remove(filepath.Join(dir, f.Name())) // or it stays
		}
	}
}
