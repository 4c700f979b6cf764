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

// cache keeps what servers offer, in two files for each: all that it says, and what requests
// are made of. It knows the programs that it has looked at.
type cache struct {
	home  string
	files map[string]*file // nil for one that is not there
}

// file is which one it is, by what the system says of it.
type file struct {
	Path string
	Size int64
	Time int64
}

func (c *cache) stat(path string) *file {
	if f, known := c.files[path]; known {
		return f
	}
	if c.files == nil {
		c.files = map[string]*file{}
	}
	c.files[path] = nil
	if st, err := os.Stat(path); err == nil {
		c.files[path] = &file{path, st.Size(), st.ModTime().UnixNano()}
	}
	return c.files[path]
}

// find is stat for a program that is named, which is looked for on PATH.
func (c *cache) find(name string) *file {
	if f, known := c.files[name]; known {
		return f
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return nil
	}
	f := c.stat(path)
	c.files[name] = f
	return f
}

// at is where the files of a server are, without their ends: by its settings and by which
// program that is, or whether somebody has logged in since.
func (c *cache) at(v *server) (string, bool) {
	key := struct {
		Server config.MCPServer
		Files  []file
	}{Server: v.MCPServer}
	add := func(f *file) bool {
		if f != nil {
			key.Files = append(key.Files, *f)
		}
		return f != nil
	}
	switch program := v.Command; {
	case program == "":
		add(c.stat(filepath.Join(c.home, ".credentials.json")))
		add(c.stat(filepath.Join(c.home, ".credentials.json.lock"))) // of logins in a keyring
	case !strings.ContainsAny(program, `/\`) && !add(c.find(program)),
		strings.ContainsAny(program, `/\`) && !add(c.stat(in(v.Cwd, program))):
		return "", false
	default:
		for _, a := range v.Args { // scripts
			if filepath.IsAbs(a) || strings.Contains(a, ".") {
				add(c.stat(in(v.Cwd, a)))
			}
		}
	}
	b, err := json.Marshal(key)
	if err != nil {
		return "", false
	}
	sum := sha256.Sum256(b)
	return filepath.Join(c.home, "cache", "mcp", hex.EncodeToString(sum[:16])), true
}

// in gives a path that may be relative to a folder.
func in(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

const (
	manifestEnd = ".json"
	digestEnd   = ".digest"
)

// read reads one file of a server that was seen lately, nil for none.
func (c *cache) read(v *server, end string) []byte {
	path, ok := c.at(v)
	if !ok {
		return nil
	}
	st, err := os.Stat(path + end)
	if err != nil || time.Since(st.ModTime()) > fresh || time.Until(st.ModTime()) > time.Minute {
		return nil
	}
	b, err := foreign.ReadFile(path+end, maxManifest)
	if err != nil {
		return nil
	}
	return b
}

// digest is what requests are made of, nil if it is not known.
func (c *cache) digest(v *server) *digest {
	if b := c.read(v, digestEnd); b != nil {
		return parseDigest(b)
	}
	return nil
}

// manifest is all that a server says, nil if it is not known.
func (c *cache) manifest(v *server) *wire.Manifest {
	b := c.read(v, manifestEnd)
	m := new(wire.Manifest)
	if b == nil || !jsonrpc.Valid(b) || json.Unmarshal(b, m) != nil || m.Tools == nil {
		return nil
	}
	return m
}

// remember keeps a manifest. One that cannot be kept costs the next thread a start.
func (c *cache) remember(v *server, m *wire.Manifest) {
	path, ok := c.at(v)
	if !ok {
		return
	}
	all, err := jsonrpc.Marshal(m)
	if err != nil || len(all) > maxManifest {
		return
	}
	short, err := jsonrpc.Marshal(digestOf(m))
	if err != nil || len(short) > maxManifest || os.MkdirAll(filepath.Dir(path), 0o700) != nil {
		return
	}
	if atomicfile.Write(path+manifestEnd, 0o600, all) == nil && atomicfile.Write(path+digestEnd, 0o600, short) == nil {
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
