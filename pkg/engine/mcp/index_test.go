package mcp

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"codex/pkg/config"
	"codex/pkg/engine/tools"
	"codex/pkg/mcp/wire"
)

// manifestOf is that of a server with these tools.
func manifestOf(names ...string) *wire.Manifest {
	m := &wire.Manifest{Instructions: "of " + names[0], Tools: []json.RawMessage{}}
	for _, n := range names {
		m.Tools = append(m.Tools, json.RawMessage(`{"name":"`+n+`","description":"<does> it","inputSchema":{"type":"object"}}`))
	}
	return m
}

// twoServers are servers whose manifests are kept.
func twoServers(t *testing.T) (*cache, []*server) {
	s := New(Options{Home: t.TempDir(), Servers: []config.MCPServer{{Name: "a", URL: "http://127.0.0.1:1/"}, {Name: "b", URL: "http://127.0.0.1:1/"}}})
	c := &cache{home: s.o.Home}
	c.remember(s.list[0], manifestOf("one", "two"))
	c.remember(s.list[1], manifestOf("three"))
	return c, s.list
}

// offers are the tools that are known of each server, without what their manifests would add.
func (x *index) offers() (all [][]string) {
	for i := range x.keys {
		var names []string
		if d := x.digest(i); d != nil {
			for _, o := range d.tools() {
				names = append(names, o.Name)
			}
		}
		all = append(all, names)
	}
	return all
}

func sameOffers(t *testing.T, x *index, whole bool, want ...[]string) {
	t.Helper()
	got := x.offers()
	if !slices.EqualFunc(got, want, slices.Equal[[]string]) || x.whole() != whole {
		t.Errorf("%q, whole %v; want %q, %v", got, x.whole(), want, whole)
	}
}

// What the file says is what the manifests say, and it is not asked where they are others.
func TestIndexFollowsManifests(t *testing.T) {
	c, servers := twoServers(t)
	x := openIndex(c, servers)
	sameOffers(t, x, false, []string{"one", "two"}, []string{"three"})
	x.renew()
	st, err := os.Stat(x.file())
	if err != nil || st.Mode().Perm()&0o077 != 0 {
		t.Fatal(st, err)
	}
	sameOffers(t, openIndex(c, servers), true, []string{"one", "two"}, []string{"three"})

	c.remember(servers[0], manifestOf("four"))
	x = openIndex(c, servers)
	sameOffers(t, x, false, []string{"four"}, []string{"three"})
	x.renew()
	sameOffers(t, openIndex(c, servers), true, []string{"four"}, []string{"three"})

	if err := os.Remove(c.path(c.key(servers[1]), manifestEnd)); err != nil {
		t.Fatal(err)
	}
	sameOffers(t, openIndex(c, servers), false, []string{"four"}, nil)
}

// Manifests are not looked at while their folder is as it was, and are once it is not.
func TestIndexOfFolder(t *testing.T) {
	c, servers := twoServers(t)
	dir := filepath.Join(c.home, "cache", "mcp")
	x := openIndex(c, servers)
	x.offers()
	x.renew() // the folder has just changed: the file does not go by it
	age := func(d time.Duration) {
		t.Helper()
		then := time.Now().Add(-d)
		if err := os.Chtimes(dir, then, then); err != nil {
			t.Fatal(err)
		}
	}
	age(time.Minute)
	x = openIndex(c, servers)
	sameOffers(t, x, false, []string{"one", "two"}, []string{"three"})
	x.renew()
	x = openIndex(c, servers)
	if sameOffers(t, x, true, []string{"one", "two"}, []string{"three"}); !x.same {
		t.Error("the manifests are looked at")
	}
	old := time.Now().Add(-2 * fresh)
	if err := os.Chtimes(c.path(c.key(servers[1]), manifestEnd), old, old); err != nil {
		t.Fatal(err)
	}
	c.remember(servers[0], manifestOf("four"))
	age(time.Second * 30)
	x = openIndex(c, servers)
	sameOffers(t, x, false, []string{"four"}, nil)
	x.renew()
	x = openIndex(c, servers)
	x.known[x.keys[0]].manifest.Time = old.UnixNano()
	sameOffers(t, x, false, []string{"four"}, nil) // the manifest is fresher than that
}

// Whatever happens to the file, the tools are those of the manifests, and it is made anew.
func TestIndexDamaged(t *testing.T) {
	c, servers := twoServers(t)
	x := openIndex(c, servers)
	x.offers()
	x.renew()
	sound, err := os.ReadFile(x.file())
	if err != nil {
		t.Fatal(err)
	}
	for i := range sound {
		flipped := slices.Clone(sound)
		flipped[i] ^= 4
		for _, text := range [][]byte{flipped, sound[:i]} {
			if _, known := parseIndex(text); known != nil {
				t.Fatalf("%q is taken", text)
			}
		}
	}
	if err := os.WriteFile(x.file(), sound[:len(sound)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	x = openIndex(c, servers)
	sameOffers(t, x, false, []string{"one", "two"}, []string{"three"})
	x.renew()
	if text, err := os.ReadFile(x.file()); err != nil || !bytes.Equal(text, sound) {
		t.Errorf("%q, not %q, %v", text, sound, err)
	}
}

// Engines that start together write the same file, and each reads a whole one.
func TestIndexOfTwoEngines(t *testing.T) {
	c, servers := twoServers(t)
	var engines sync.WaitGroup
	for range 4 {
		engines.Go(func() {
			for range 20 {
				x := openIndex(&cache{home: c.home}, servers)
				if got := x.offers(); len(got[0]) != 2 || len(got[1]) != 1 {
					t.Errorf("%q", got)
				}
				x.missing = x.keys // as if it had found none
				x.renew()
			}
		})
	}
	engines.Wait()
	files, err := os.ReadDir(filepath.Join(c.home, "cache", "mcp"))
	if err != nil || len(files) != 3 {
		t.Error(files, err)
	}
	sameOffers(t, openIndex(c, servers), true, []string{"one", "two"}, []string{"three"})
}

// Whatever a file says, requests are made of sound JSON, and what is read is written alike.
func FuzzParseIndex(f *testing.F) {
	known := map[string]*entry{"k": {stamp{1, 2}, digestOf(manifestOf("a", "b"))}}
	_, rest, _ := bytes.Cut(formatIndex(7, known), []byte("\n"))
	f.Add(rest)
	f.Add([]byte(`{"v":2,"servers":[{"key":"k","count":-1,"length":2}]}` + "\n[]"))
	f.Add([]byte(`{"v":2,"servers":[{"key":"k","length":40}]}` + "\n" + `[{"name":1,"description":{},"schema":[]}]`))
	f.Fuzz(func(t *testing.T, rest []byte) {
		folder, known := parseIndex(slices.Concat(checksum(rest), []byte("\n"), rest))
		if known == nil {
			return
		}
		of, again := parseIndex(formatIndex(folder, known))
		if of != folder {
			t.Errorf("%d, not %d", of, folder)
		}
		s := New(Options{})
		for key, e := range known {
			if a := again[key]; a == nil || a.manifest != e.manifest || a.instructions != e.instructions || !bytes.Equal(a.text, e.text) {
				t.Errorf("%+v, not %+v", a, e)
			}
			v := &server{digest: e.digest}
			v.Name = key
			s.list = append(s.list, v)
		}
		for _, spec := range s.Namespaces(tools.DeferNone) {
			if !json.Valid(spec.(json.RawMessage)) {
				t.Errorf("%q", spec)
			}
		}
	})
}
