package mcp

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/foreign"
	"codex/pkg/jsonrpc"
)

const (
	indexEnd = ".index"
	maxIndex = 32 << 20
	// indexVersion tells indexes of other versions of this program apart.
	indexVersion = 2
	// settled is how old a change of a folder must be for the next one to be seen by its
	// time, whatever the file system rounds to.
	settled = 3 * time.Second
)

// index is what is known of the servers of one thread, out of one file, as git has the
// state of a tree: it says nothing that a manifest does not say, and of a server only while
// its manifest is the one that was read for it, which need not be looked at while the folder
// of manifests is as it was. Each set of servers has a file of its own, which is replaced as
// a whole: who writes it meanwhile writes the same.
//
// The file is a checksum of the rest in hexadecimal digits, a line; JSON that says of each
// server what any request may need, a line; and the tools of each, as JSON that is read when
// they are asked for.
type index struct {
	*cache
	keys    []string // of the servers, "" for what must start in any case
	known   map[string]*entry
	missing []string // keys of servers of which the file says nothing that holds
	folder  int64    // when the folder of manifests changed, 0 if that was just now
	same    bool     // the file says that no manifest has changed since it was written
}

// entry is what an index says of a server.
type entry struct {
	manifest stamp
	*digest
}

// openIndex reads what is known of servers. A file that is not whole says nothing.
func openIndex(c *cache, servers []*server) *index {
	x := &index{cache: c, keys: make([]string, len(servers))}
	for i, v := range servers {
		if !v.Required {
			x.keys[i] = c.key(v)
		}
	}
	if st, err := os.Stat(x.path("", "")); err == nil && time.Since(st.ModTime()) > settled {
		x.folder = st.ModTime().UnixNano()
	}
	if text, err := foreign.ReadFile(x.file(), maxIndex); err == nil {
		var of int64
		of, x.known = parseIndex(text)
		x.same = x.known != nil && of != 0 && of == x.folder
	}
	return x
}

func (x *index) file() string {
	h := sha256.New()
	for _, k := range x.keys {
		h.Write([]byte(k + "\n"))
	}
	return x.path(filepath.Join("index", hex.EncodeToString(h.Sum(nil)[:16])), indexEnd)
}

// digest is what is known of a server; nil for nothing.
func (x *index) digest(i int) *digest {
	key := x.keys[i]
	if key == "" {
		return nil
	}
	e := x.known[key]
	if e != nil && x.same && e.manifest.fresh() {
		return new(*e.digest) // which is the file's, and may be written again
	}
	at, ok := x.written(key)
	if ok && e != nil && e.manifest == at {
		return new(*e.digest) // as above
	}
	x.missing = append(x.missing, key)
	delete(x.known, key)
	if !ok {
		return nil
	}
	m, _ := x.manifest(key)
	if m == nil {
		return nil
	}
	return digestOf(m)
}

// whole says whether the file says of every server what there is to say.
func (x *index) whole() bool { return len(x.missing) == 0 && (x.same || x.folder == 0) }

// renew reads the manifests of which the file says nothing, and writes it anew.
func (x *index) renew() {
	found := map[string]*entry{}
	for _, key := range x.missing {
		if m, at := x.manifest(key); m != nil {
			found[key] = &entry{at, digestOf(m)}
		}
	}
	if len(found) == 0 && (x.same || x.folder == 0) {
		return
	}
	maps.Copy(found, x.known)
	if text := formatIndex(x.folder, found); text != nil && len(text) <= maxIndex {
		x.write(x.file(), text)
	}
}

// indexHead is the line before the tools.
type indexHead struct {
	Version int         `json:"v"`
	Folder  int64       `json:"folder"` // when that of manifests had changed; 0: it may have since
	Servers []headEntry `json:"servers"`
}

type headEntry struct {
	Key string `json:"key"`
	stamp
	Instructions string `json:"instructions"`
	SandboxState bool   `json:"sandboxState"`
	Count        int    `json:"count"`  // of tools
	Length       int    `json:"length"` // of their JSON
}

// formatIndex is the text of a file; nil for what has no JSON.
func formatIndex(folder int64, known map[string]*entry) []byte {
	head, tools := indexHead{Version: indexVersion, Folder: folder}, []byte(nil)
	for _, key := range slices.Sorted(maps.Keys(known)) {
		e := known[key]
		text, err := e.text, error(nil)
		if text == nil {
			text, err = jsonrpc.Marshal(e.offers)
		}
		if err != nil {
			return nil
		}
		head.Servers = append(head.Servers, headEntry{key, e.manifest, e.instructions, e.sandboxState, e.count, len(text)})
		tools = append(tools, text...)
	}
	line, err := jsonrpc.Marshal(head)
	if err != nil {
		return nil
	}
	rest := slices.Concat(line, []byte("\n"), tools)
	return slices.Concat(checksum(rest), []byte("\n"), rest)
}

func checksum(b []byte) []byte { return strconv.AppendUint(nil, uint64(crc32.ChecksumIEEE(b)), 16) }

// parseIndex reads the text of a file; nil for one that is not whole.
func parseIndex(text []byte) (folder int64, known map[string]*entry) {
	sum, rest, _ := bytes.Cut(text, []byte("\n"))
	head, tools, ok := bytes.Cut(rest, []byte("\n"))
	if !ok || !bytes.Equal(sum, checksum(rest)) || !jsonrpc.Valid(head) {
		return 0, nil
	}
	all := map[string]*entry{}
	h := gjson.ParseBytes(head)
	ok = h.Get("v").Int() == indexVersion
	h.Get("servers").ForEach(func(_, s gjson.Result) bool {
		key, e, length := parseEntry(s)
		if ok = ok && length > 0 && length <= len(tools); ok {
			e.text, tools = tools[:length:length], tools[length:]
			all[key] = e
		}
		return ok
	})
	if !ok || len(tools) > 0 {
		return 0, nil
	}
	return h.Get("folder").Int(), all
}

func parseEntry(s gjson.Result) (key string, e *entry, length int) {
	d := &digest{instructions: s.Get("instructions").Str, sandboxState: s.Get("sandboxState").Bool(), count: int(s.Get("count").Int())}
	return s.Get("key").Str, &entry{stamp{s.Get("size").Int(), s.Get("time").Int()}, d}, int(s.Get("length").Int())
}
