package mcp

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
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

// cache keeps what servers say of themselves, in a file for each. It knows the programs that
// it has looked at.
type cache struct {
	home  string
	files map[string]*file // nil for one that is not there
}

// file is which one it is, by what the system says of it.
type file struct {
	Path string
	stamp
}

// stamp is what tells a file from what it was before.
type stamp struct {
	Size int64 `json:"size"`
	Time int64 `json:"time"`
}

func stampOf(st os.FileInfo) stamp { return stamp{st.Size(), st.ModTime().UnixNano()} }

func (c *cache) stat(path string) *file {
	if f, known := c.files[path]; known {
		return f
	}
	if c.files == nil {
		c.files = map[string]*file{}
	}
	c.files[path] = nil
	if st, err := os.Stat(path); err == nil {
		c.files[path] = &file{path, stampOf(st)}
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

// key names what is kept of a server: by its settings and by which program that is, or
// whether somebody has logged in since. It is "" for one whose program is not there.
func (c *cache) key(v *server) string {
	text := textOf(&v.MCPServer)
	add := func(f *file) bool {
		if f != nil {
			text = strconv.AppendInt(appendString(text, f.Path), f.Size, 10)
			text = strconv.AppendInt(append(text, ' '), f.Time, 10)
		}
		return f != nil
	}
	switch program := v.Command; {
	case program == "":
		add(c.stat(filepath.Join(c.home, ".credentials.json")))
		add(c.stat(filepath.Join(c.home, ".credentials.json.lock"))) // of logins in a keyring
	case !strings.ContainsAny(program, `/\`) && !add(c.find(program)),
		strings.ContainsAny(program, `/\`) && !add(c.stat(in(v.Cwd, program))):
		return ""
	default:
		for _, a := range v.Args { // scripts
			if filepath.IsAbs(a) || strings.Contains(a, ".") {
				add(c.stat(in(v.Cwd, a)))
			}
		}
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// textOf is all that a server is configured to be, each part with its length before it.
func textOf(m *config.MCPServer) []byte {
	b := make([]byte, 0, 512)
	for _, s := range []string{m.Name, m.Command, m.Cwd, m.URL, m.BearerTokenVar, m.Resource, m.ClientID, m.Logins} {
		b = appendString(b, s)
	}
	b = strconv.AppendInt(append(b, ' '), int64(m.Startup), 10)
	b = strconv.AppendInt(append(b, ' '), int64(m.Call), 10)
	lists := [][]string{m.Args, m.EnvVars, m.Remote}
	if m.Scopes != nil {
		lists = append(lists, *m.Scopes)
	}
	for _, l := range lists {
		b = appendList(b, l)
	}
	for _, secrets := range []map[string]config.Secret{m.Env, m.Headers} {
		b = strconv.AppendInt(append(b, '{'), int64(len(secrets)), 10)
		for _, name := range slices.Sorted(maps.Keys(secrets)) {
			s := secrets[name]
			b = appendList(appendString(appendString(appendString(b, name), s.Text), s.Env), s.Cmd)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.EnvHeaders)) {
		b = appendString(appendString(append(b, '='), name), m.EnvHeaders[name])
	}
	return b
}

func appendList(b []byte, all []string) []byte {
	b = strconv.AppendInt(append(b, '['), int64(len(all)), 10)
	for _, s := range all {
		b = appendString(b, s)
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(append(strconv.AppendInt(append(b, '"'), int64(len(s)), 10), ':'), s...)
}

// path is that of a file with this name and end.
func (c *cache) path(name, end string) string { return filepath.Join(c.home, "cache", "mcp", name+end) }

// in gives a path that may be relative to a folder.
func in(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

const manifestEnd = ".json"

// written says which manifest of a server there is; false for none that was seen lately.
func (c *cache) written(key string) (stamp, bool) {
	if key == "" {
		return stamp{}, false
	}
	st, err := os.Stat(c.path(key, manifestEnd))
	if err != nil || !stampOf(st).fresh() {
		return stamp{}, false
	}
	return stampOf(st), true
}

// fresh says whether a manifest with this stamp is still good.
func (s stamp) fresh() bool {
	age := time.Since(time.Unix(0, s.Time))
	return age <= fresh && age > -time.Minute
}

// manifest is all that a server says, and which file says it; nil if it is not known.
func (c *cache) manifest(key string) (*wire.Manifest, stamp) {
	at, ok := c.written(key) // before it is read: one that takes its place is another one
	if !ok {
		return nil, at
	}
	b, err := foreign.ReadFile(c.path(key, manifestEnd), maxManifest)
	m := new(wire.Manifest)
	if err != nil || !jsonrpc.Valid(b) || json.Unmarshal(b, m) != nil || m.Tools == nil {
		return nil, at
	}
	return m, at
}

// remember keeps a manifest. One that cannot be kept costs the next thread a start.
func (c *cache) remember(v *server, m *wire.Manifest) {
	key := c.key(v)
	if key == "" {
		return
	}
	b, err := jsonrpc.Marshal(m)
	if err == nil && len(b) <= maxManifest {
		c.write(c.path(key, manifestEnd), b)
	}
}

// write writes a file of the cache, or does not.
func (c *cache) write(path string, pieces ...[]byte) {
	dir := filepath.Dir(path)
	if os.MkdirAll(dir, 0o700) == nil && atomicfile.Write(path, 0o600, pieces...) == nil {
		sweep(dir)
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
