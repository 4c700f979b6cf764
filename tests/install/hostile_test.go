package install

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"aead.dev/minisign"
)

// pinned runs install.sh with a publisher's key in it, as make dist makes it.
func pinned(t *testing.T, u *user, public string) *user {
	t.Helper()
	text := read(t, script(t))
	if strings.Count(text, "\npublic_key=\n") != 1 {
		t.Fatal("install.sh has no line public_key=")
	}
	path := filepath.Join(t.TempDir(), "install.sh")
	write(t, path, strings.Replace(text, "\npublic_key=\n", "\npublic_key="+public+"\n", 1))
	u.script = path
	return u
}

// publisher is who signs releases.
type publisher struct {
	public string
	secret minisign.PrivateKey
}

func newPublisher(t *testing.T) publisher {
	t.Helper()
	key, secret, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return publisher{key.String(), secret}
}

// sign signs a shop's list, in which latest is, as make dist does.
func (p publisher) sign(t *testing.T, s *shop) {
	t.Helper()
	path := filepath.Join(s.dir, "SHA256SUMS")
	sums := read(t, path)
	if !strings.Contains(sums, "  latest\n") {
		sums += fmt.Sprintf("%x  latest\n", sha256.Sum256([]byte(read(t, filepath.Join(s.dir, "latest")))))
		write(t, path, sums)
	}
	write(t, path+".minisig", string(minisign.SignWithComments(p.secret, []byte(sums), "timestamp:1000", "a release")))
}

// TestSignature goes through what a place of releases can do about the signature.
func TestSignature(t *testing.T) {
	good, stranger := newPublisher(t), newPublisher(t)
	have := func(t *testing.T) {
		if _, err := exec.LookPath("minisign"); err != nil {
			t.Skip(err)
		}
	}
	installed := func(t *testing.T) (*user, *shop) {
		t.Helper()
		u, s := pinned(t, newUser(t), good.public), newShop(t, v1)
		good.sign(t, s)
		u.ok(v1, "--from", s.dir)
		s.add(v2, v2)
		return u, s
	}
	t.Run("signed", func(t *testing.T) {
		have(t)
		u, s := installed(t)
		good.sign(t, s)
		if r := u.ok(v2, "--from", s.dir); strings.Contains(r.stderr, "warning") || strings.Contains(r.stderr, "unsigned") {
			t.Error(r.stderr)
		}
		u.has(v2)
	})
	t.Run("not signed", func(t *testing.T) {
		u, s := installed(t)
		if err := os.Remove(filepath.Join(s.dir, "SHA256SUMS.minisig")); err != nil {
			t.Fatal(err)
		}
		u.fails(1, []string{"is not signed", "nothing was changed"}, "--from", s.dir)
		u.has(v1)
	})
	t.Run("by a stranger", func(t *testing.T) {
		have(t)
		u, s := installed(t)
		stranger.sign(t, s)
		u.fails(1, []string{"not the publisher's", "nothing was changed"}, "--from", s.dir)
		u.has(v1)
	})
	t.Run("of before", func(t *testing.T) {
		have(t)
		u, s := installed(t) // the list has grown since it was signed
		u.fails(1, []string{"not the publisher's", "nothing was changed"}, "--from", s.dir)
		u.has(v1)
	})
	t.Run("an old release as the latest", func(t *testing.T) {
		have(t)
		u, s := installed(t)
		good.sign(t, s)
		u.ok(v2, "--from", s.dir)
		s.add(v3, v3)
		good.sign(t, s)
		write(t, filepath.Join(s.dir, "latest"), v1+"\n")
		if err := os.RemoveAll(u.path(".codex/packages/standalone/releases/" + v1 + "-" + triple())); err != nil {
			t.Fatal(err)
		}
		u.fails(1, []string{"latest is not what", "Nothing was changed"}, "--from", s.dir)
		u.has(v2)
	})
	t.Run("without minisign", func(t *testing.T) {
		u, s := pinned(t, newUser(t), good.public), newShop(t, v1)
		good.sign(t, s)
		u.env = []string{"PATH=" + tools(t, nil, nil)}
		if r := u.ok(v1, "--from", s.dir); !strings.Contains(r.stderr, "minisign is not on PATH: the signature") {
			t.Error(r.stderr)
		}
	})
	t.Run("an unsigned build", func(t *testing.T) {
		u, s := newUser(t), newShop(t, v1)
		if r := u.ok(v1, "--from", s.dir); !strings.Contains(r.stderr, "unsigned build") {
			t.Error(r.stderr)
		}
	})
	t.Run("the updater's list", func(t *testing.T) {
		u, s := installed(t)
		good.sign(t, s)
		list := filepath.Join(t.TempDir(), "sums")
		write(t, list, read(t, filepath.Join(s.dir, "SHA256SUMS")))
		s.publish(v2, map[string]string{"codex": "#!/bin/sh\necho codex-cli " + v2 + "; touch \"$HOME/evil\"\n", "codex-turn": "", "apply_patch": ""})
		u.env = append(u.env, "CODEX_INSTALL_SUMS="+list)
		u.fails(1, []string{"the checksum of", "nothing was changed"}, "--from", s.dir)
		u.has(v1)
	})
}

// hostile makes the archive of a version out of headers that no release has.
func hostile(t *testing.T, s *shop, version string, odd ...tar.Header) {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	out := tar.NewWriter(zip)
	top := "codex-" + version + "-" + triple() + "/"
	program := "#!/bin/sh\necho codex-cli " + version + "\n"
	sums := ""
	for _, name := range []string{"apply_patch", "codex", "codex-turn"} {
		sums += fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(program)), name)
		odd = append(odd, tar.Header{Name: top + name, Size: int64(len(program)), Mode: 0o755, Typeflag: tar.TypeReg})
	}
	odd = append(odd, tar.Header{Name: top + "SHA256SUMS", Size: int64(len(sums)), Mode: 0o644, Typeflag: tar.TypeReg})
	for _, h := range odd {
		h.Name = strings.ReplaceAll(h.Name, "TOP/", top)
		h.Linkname = strings.ReplaceAll(h.Linkname, "TOP/", top)
		if err := out.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		text := program
		if strings.HasSuffix(h.Name, "/SHA256SUMS") {
			text = sums
		}
		if _, err := out.Write([]byte(text)[:h.Size]); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []interface{ Close() error }{out, zip} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write(t, s.archive(version), b.String())
	s.list()
	write(t, filepath.Join(s.dir, "latest"), version+"\n")
}

// TestHostileArchives has archives whose checksum is right, since who serves them has
// made it.
func TestHostileArchives(t *testing.T) {
	file := func(name string) tar.Header {
		return tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o755, Size: 5}
	}
	link := func(name, to string) tar.Header {
		return tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: to}
	}
	for name, odd := range map[string][]tar.Header{
		"above":                  {file("TOP/../../../../evil")},
		"above at once":          {file("../evil")},
		"from the root":          {file("/tmp/evil")},
		"beside":                 {file("codex-other/evil")},
		"a dot":                  {file("TOP/./evil")},
		"an odd character":       {file("TOP/e\nvil")},
		"a link out":             {link("TOP/out", "../../../../..")},
		"a file behind a link":   {link("TOP/out", "../../../../.."), file("TOP/out/evil")},
		"a link to a file":       {link("TOP/out", "/etc/passwd")},
		"its own link elsewhere": {link("TOP/codex-path/apply_patch", "/bin/true")},
		"a hard link":            {{Name: "TOP/out", Typeflag: tar.TypeLink, Linkname: "TOP/codex"}},
		"a hard link out":        {{Name: "TOP/out", Typeflag: tar.TypeLink, Linkname: "/etc/passwd"}},
		"a pipe":                 {{Name: "TOP/pipe", Typeflag: tar.TypeFifo, Mode: 0o644}},
		"a device":               {{Name: "TOP/null", Typeflag: tar.TypeChar, Mode: 0o666, Devmajor: 1, Devminor: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, tool := range []string{"tar", "busybox", "bsdtar"} {
				path, err := exec.LookPath(tool)
				if err != nil {
					continue
				}
				u, s := newUser(t), newShop(t, v1)
				u.ok(v1, "--from", s.dir)
				before := snapshot(t, u.home)
				if tool != "tar" {
					dir := tools(t, []string{"tar"}, nil)
					if err := os.Symlink(path, filepath.Join(dir, "tar")); err != nil {
						t.Fatal(err)
					}
					u.env = append(u.env, "PATH="+dir)
				}
				hostile(t, s, v2, odd...)
				u.fails(1, []string{"nothing was changed"}, "--from", s.dir)
				u.has(v1)
				same(t, before, snapshot(t, u.home))
			}
		})
	}
}

// TestPlainHTTP refuses what anybody on the way could change.
func TestPlainHTTP(t *testing.T) {
	u := newUser(t)
	for _, place := range []string{"http://example.org/codex", "http://127.0.0.1.example.org/", "http://localhost.example.org", "http://localhost@example.org/",
		"http://127.0.0.1:80@example.org", "http://example.org#@127.0.0.1/", `http://example.org\@127.0.0.1/`, "http://[::2]/", "http://10.0.0.1/"} {
		shown := strings.Replace(place, ":80@", ":xxxxx@", 1) // as a password would be
		u.fails(1, []string{shown, "is plain http"}, "--from", place)
	}
	same(t, map[string]string{}, snapshot(t, u.home))
}

// TestRedirects leads a download to another place.
func TestRedirects(t *testing.T) {
	downloaders(t, func(t *testing.T, u *user) {
		s := newShop(t, v1)
		u.ok(v1, "--from", s.dir)
		s.add(v2, v2)
		elsewhere := serve(t, s)
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusFound)
		}))
		defer web.Close()
		u.fails(1, []string{"/latest cannot be read"}, "--from", web.URL)
		// A busybox cannot be kept from following; what comes is not used.
		if got := elsewhere.requests(); got != "" && !strings.HasSuffix(t.Name(), "busybox") {
			t.Errorf("a redirect was followed: %s", got)
		}
		u.has(v1)
	})
}
