//go:build unix

package server

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tidwall/gjson"

	"codex/pkg/exec/wire"
)

// tree makes /proj with a file, links, a fifo and a directory, and /out beside it.
func tree4(t *testing.T) (proj, out string) {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	proj, out = filepath.Join(root, "proj"), filepath.Join(root, "out")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(proj+"/sub/deep", 0o755))
	must(os.MkdirAll(out, 0o755))
	must(os.WriteFile(proj+"/a", []byte("A"), 0o644))
	must(os.WriteFile(proj+"/sub/deep/b", []byte("B"), 0o600))
	must(os.WriteFile(out+"/secret", []byte("S"), 0o644))
	must(os.Symlink("a", proj+"/lnk"))
	must(os.Symlink("nowhere", proj+"/dangling"))
	must(os.Symlink(out, proj+"/escape"))
	must(os.Symlink("../out/secret", proj+"/leak"))
	must(os.Symlink("../out/new", proj+"/newlink"))
	must(syscall.Mkfifo(proj+"/fifo", 0o600))
	return proj, out
}

func TestFiles(t *testing.T) {
	proj, _ := tree4(t)
	c := ready(t, Options{})
	at := func(name string) string { return js(proj + "/" + name) }
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	b64 := base64.StdEncoding.EncodeToString(all)
	c.ok("fs/writeFile", `{"path":`+at("bin")+`,"dataBase64":"`+b64+`"}`)
	if got := c.ok("fs/readFile", `{"path":`+at("bin")+`}`).Get("dataBase64").Str; got != b64 {
		t.Errorf("read back %q", got)
	}
	for _, test := range []struct {
		method, params string
		code           int
		want           string
	}{
		{"fs/readFile", `{"path":` + at("none") + `}`, -32004, "No such file or directory (os error 2)"},
		{"fs/readFile", `{"path":` + at("") + `}`, -32603, "Is a directory (os error 21)"},
		{"fs/readFile", `{"path":` + at("fifo") + `}`, -32600, "only supports regular files"},
		{"fs/readFile", `{"path":"relative"}`, -32602, "AbsolutePathBuf deserialized without a base path"},
		{"fs/readFile", `{"path":""}`, -32602, "AbsolutePathBuf deserialized without a base path"},
		{"fs/readFile", `{"path":"file://host/x"}`, -32602, "invalid URI"},
		{"fs/readFile", `{}`, -32602, "missing field `path`"},
		{"fs/readFile", `{"path":` + at("a") + `,"sandbox":{}}`, -32602, "missing field `permissions`"},
		{"fs/writeFile", `{"path":` + at("x/y") + `,"dataBase64":""}`, -32004, "No such file or directory (os error 2)"},
		{"fs/writeFile", `{"path":` + at("z") + `,"dataBase64":"!"}`, -32600, "fs/writeFile requires valid base64 dataBase64: Invalid symbol 33, offset 0."},
		{"fs/writeFile", `{"path":` + at("z") + `,"dataBase64":"aGk"}`, -32600, "Invalid padding"},
		{"fs/createDirectory", `{"path":` + at("sub") + `,"recursive":false}`, -32603, "File exists (os error 17)"},
		{"fs/createDirectory", `{"path":` + at("a/b") + `}`, -32603, "Not a directory (os error 20)"},
		{"fs/createDirectory", `{"path":` + at("x/y") + `,"recursive":false}`, -32004, "No such file or directory (os error 2)"},
		{"fs/getMetadata", `{"path":` + at("dangling") + `}`, -32004, "No such file or directory (os error 2)"},
		{"fs/readDirectory", `{"path":` + at("a") + `}`, -32603, "Not a directory (os error 20)"},
		{"fs/remove", `{"path":` + at("none") + `,"force":false}`, -32004, "No such file or directory (os error 2)"},
		{"fs/remove", `{"path":` + at("sub") + `,"recursive":false}`, -32603, "Directory not empty (os error 39)"},
		{"fs/copy", `{"sourcePath":` + at("a") + `,"destinationPath":` + at("a2") + `}`, -32602, "missing field `recursive`"},
		{"fs/copy", `{"sourcePath":` + at("sub") + `,"destinationPath":` + at("s2") + `,"recursive":false}`, -32600, "fs/copy requires recursive: true when sourcePath is a directory"},
		{"fs/copy", `{"sourcePath":` + at("sub") + `,"destinationPath":` + at("sub/in") + `,"recursive":true}`, -32600, "fs/copy cannot copy a directory to itself or one of its descendants"},
		{"fs/copy", `{"sourcePath":` + at("fifo") + `,"destinationPath":` + at("f2") + `,"recursive":true}`, -32600, "fs/copy only supports regular files, directories, and symlinks"},
		{"codexSandbox/rename", `{"sourcePath":` + at("none") + `,"destinationPath":` + at("f2") + `}`, -32004, "No such file"},
	} {
		c.fails(test.method, test.params, test.code, test.want)
	}
	if strings.Contains(c.ok("fs/readDirectory", `{"path":`+at("")+`}`).Raw, "dangling") {
		t.Error("a dangling link is listed")
	}
	meta := func(name string) string {
		m := c.ok("fs/getMetadata", `{"path":`+at(name)+`}`)
		return fmt.Sprint(m.Get("isDirectory"), m.Get("isFile"), m.Get("isSymlink"), m.Get("size"))
	}
	for name, want := range map[string]string{
		"a": "false true false 1", "lnk": "false true true 1", "fifo": "false false false 0", "sub/../a": "false true false 1",
	} {
		if got := meta(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	c.ok("fs/createDirectory", `{"path":`+at("d/e/f")+`}`)
	c.ok("fs/createDirectory", `{"path":`+at("d")+`}`)
	c.ok("fs/copy", `{"sourcePath":`+at("a")+`,"destinationPath":`+at("a2")+`,"recursive":false}`)
	c.ok("fs/copy", `{"sourcePath":`+at("sub")+`,"destinationPath":`+at("sub2")+`,"recursive":true}`)
	c.ok("fs/copy", `{"sourcePath":`+at("lnk")+`,"destinationPath":`+at("lnk2")+`,"recursive":false}`)
	if to, _ := os.Readlink(proj + "/lnk2"); to != "a" {
		t.Errorf("link copied as %q", to)
	}
	if fi, err := os.Stat(proj + "/sub2/deep/b"); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("copy: %v %v", fi, err)
	}
	c.ok("fs/remove", `{"path":`+at("none")+`}`)
	c.ok("fs/remove", `{"path":`+at("sub2")+`}`)
	c.ok("fs/remove", `{"path":`+at("escape")+`}`)
	c.ok("codexSandbox/rename", `{"sourcePath":`+at("a2")+`,"destinationPath":`+at("a")+`}`)
	if _, err := os.Stat(proj + "/sub2"); err == nil {
		t.Error("sub2 is still there")
	}
	if _, err := os.Stat(proj + "/../out/secret"); err != nil {
		t.Error("the link's target is gone")
	}
	uri := c.ok("fs/canonicalize", `{"path":"file://`+proj+`/lnk"}`).Get("path").Str
	if plain := c.ok("fs/canonicalize", `{"path":`+at("lnk")+`}`).Get("path").Str; plain != proj+"/a" || uri != wire.PathToURI(plain) {
		t.Errorf("canonicalize: %s %s", plain, uri)
	}
}

func TestLargeFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "big")
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<18) // 4 MiB
	data = append(data, 'x')
	c := ready(t, Options{})
	c.ok("fs/writeFile", `{"path":`+js(file)+`,"dataBase64":"`+base64.StdEncoding.EncodeToString(data)+`"}`)
	got, err := base64.StdEncoding.DecodeString(c.ok("fs/readFile", `{"path":`+js(file)+`}`).Get("dataBase64").Str)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("read back %d bytes, %v", len(got), err)
	}
	if err := os.Truncate(file, 512<<20+1); err != nil {
		t.Fatal(err)
	}
	c.fails("fs/readFile", `{"path":`+js(file)+`}`, -32600, "file is too large to read: limit is 536870912 bytes")
}

// profile makes the sandbox member of a call.
func profile(cwd string, entries ...string) string {
	cwdText := "null"
	if cwd != "" {
		cwdText = js(cwd)
	}
	return `{"permissions":{"type":"managed","file_system":{"type":"restricted","entries":[` + strings.Join(entries, ",") +
		`]},"network":"restricted"},"cwd":` + cwdText + `,"windowsSandboxLevel":"disabled","windowsSandboxPrivateDesktop":false,"useLegacyLandlock":false}`
}

func special(kind, access string) string {
	return `{"path":{"type":"special","value":{"kind":"` + kind + `"}},"access":"` + access + `"}`
}

func literal(path, access string) string {
	return `{"path":{"type":"path","path":` + js(path) + `},"access":"` + access + `"}`
}

func TestFilesConfined(t *testing.T) {
	proj, out := tree4(t)
	if err := os.MkdirAll(proj+"/.git", 0o755); err != nil {
		t.Fatal(err)
	}
	c := ready(t, Options{})
	readOnly := profile(proj, special("root", "read"))
	work := profile(proj, special("root", "read"), special("project_roots", "write"))
	hidden := profile(proj, literal(proj, "write"))
	none := profile(proj, special("root", "read"), literal(proj, "write"), literal(out, "none"), literal(proj+"/sub/deep", "none"))
	type test struct{ method, params, sandbox string }
	path := func(p string) string { return `"path":` + js(p) }
	data := func(p string) string { return `"dataBase64":"eA==",` + path(p) }
	two := func(a, b string) string {
		return `"sourcePath":` + js(a) + `,"destinationPath":` + js(b) + `,"recursive":true`
	}
	params := func(x test) string { return `{` + x.params + `,"sandbox":` + x.sandbox + `}` }

	for _, x := range []test{ // denied writes
		{"fs/writeFile", data(proj + "/ro"), readOnly},
		{"fs/writeFile", data(proj + "/a"), readOnly},
		{"fs/remove", path(proj + "/a"), readOnly},
		{"fs/createDirectory", path(proj + "/nd"), readOnly},
		{"fs/writeFile", data(out + "/ww"), work},
		{"fs/writeFile", data(proj + "/escape/ww"), work},
		{"fs/writeFile", data(proj + "/leak"), work},
		{"fs/writeFile", data(proj + "/newlink"), work},
		{"fs/writeFile", data(proj + "/../out/ww"), work},
		{"fs/writeFile", data(proj + "/.git/config"), work},
		{"fs/writeFile", data(proj + "/.codex"), work},
		{"fs/createDirectory", path(proj + "/.agents"), work},
		{"fs/createDirectory", path(proj + "/.codex/x"), work},
		{"fs/remove", path(proj + "/.git"), work},
		{"fs/remove", path(proj), work},
		{"fs/remove", path(proj + "/escape/secret"), work},
		{"fs/copy", two(proj+"/a", out+"/a"), work},
		{"fs/copy", two(proj+"/lnk", out+"/a"), work},
		{"fs/copy", two(proj+"/sub", proj+"/escape/sub"), work},
		{"codexSandbox/rename", two(proj+"/a", out+"/a"), work},
		{"codexSandbox/rename", two(out+"/secret", proj+"/got"), work},
		{"codexSandbox/rename", two(proj+"/.git", proj+"/git"), work},
		{"codexSandbox/rename", two(proj+"/sub", proj+"/.git"), work},
		{"codexSandbox/rename", two(proj, out+"/proj"), work},
	} {
		if m := c.answer(c.ask(x.method, params(x))); m.Get("error.code").Int() != -32603 || !strings.HasPrefix(m.Get("error.message").Str, "Read-only file system") {
			t.Errorf("%s %s: %s", x.method, x.params, m.Raw)
		}
	}
	for _, name := range []string{proj + "/ro", proj + "/nd", out + "/ww", out + "/new", out + "/a", out + "/sub", proj + "/got"} {
		if _, err := os.Lstat(name); err == nil {
			t.Errorf("%s was made", name)
		}
	}
	for _, x := range []test{ // hidden: does not exist
		{"fs/readFile", path(out + "/secret"), hidden},
		{"fs/readFile", path(proj + "/leak"), hidden},
		{"fs/readFile", path(proj + "/escape/secret"), hidden},
		{"fs/getMetadata", path(out + "/secret"), hidden},
		{"fs/getMetadata", path(proj + "/leak"), hidden},
		{"fs/canonicalize", path(proj + "/leak"), hidden},
		{"fs/readDirectory", path(out), hidden},
		{"fs/readFile", path("/etc/hostname"), hidden},
		{"fs/readFile", path(out + "/secret"), none},
		{"fs/readFile", path(proj + "/sub/deep/b"), none},
		{"fs/writeFile", data(proj + "/sub/deep/b"), none},
		{"fs/copy", two(out+"/secret", proj+"/got"), none},
		{"fs/copy", two(proj+"/sub", proj+"/sub3"), none},
	} {
		c.fails(x.method, params(x), -32004, "No such file or directory (os error 2)")
	}
	// What holds a hidden or protected place cannot be moved away with it.
	c.fails("codexSandbox/rename", params(test{"", two(proj+"/sub", proj+"/s"), none}), -32603, "Read-only")
	c.fails("fs/remove", params(test{"", path(proj + "/sub"), none}), -32603, "Read-only")

	for _, x := range []test{ // allowed
		{"fs/readFile", path(proj + "/a"), readOnly},
		{"fs/readFile", path(proj + "/leak"), readOnly},
		{"fs/readFile", path("/etc/passwd"), readOnly},
		{"fs/createDirectory", path(proj + "/sub"), readOnly},
		{"fs/writeFile", data(proj + "/ww"), work},
		{"fs/writeFile", data(proj + "/lnk"), work},
		{"fs/writeFile", data(proj + "/dangling"), work},
		{"fs/createDirectory", path(proj + "/n/e/w"), work},
		{"fs/writeFile", data(proj + "/n/e/w/.git"), work}, // not a root's own
		{"fs/copy", two(proj+"/sub", proj+"/sub2"), work},
		{"fs/copy", two(out+"/secret", proj+"/copied"), work},
		{"codexSandbox/rename", two(proj+"/sub2", proj+"/sub3"), work},
		{"fs/remove", path(proj + "/escape"), work},
		{"fs/remove", path(proj + "/sub3"), work},
		{"fs/writeFile", data(proj + "/ww2"), hidden},
		{"fs/readDirectory", path(proj), hidden},
		{"fs/canonicalize", path(proj + "/lnk"), hidden},
		{"fs/readFile", path(proj + "/a"), `{"permissions":{"type":"disabled"},"windowsSandboxLevel":"disabled"}`},
		{"fs/readFile", path(proj + "/a"), `{"permissions":{"type":"external","network":"restricted"},"windowsSandboxLevel":"disabled"}`},
		{"fs/readFile", path(proj + "/a"), "null"},
	} {
		c.ok(x.method, params(x))
	}
	if b, err := os.ReadFile(proj + "/nowhere"); err != nil || string(b) != "x" {
		t.Errorf("through the dangling link: %q %v", b, err)
	}
	if b, _ := os.ReadFile(out + "/secret"); string(b) != "S" {
		t.Errorf("the secret is %q", b)
	}
	c.fails("fs/writeFile", params(test{"", data(proj + "/ww"), profile("", special("root", "read"), special("project_roots", "write"))}),
		-32600, "file system sandbox context with dynamic permissions requires cwd")
	c.ok("fs/writeFile", params(test{"", data(proj + "/ww"), profile("", special("root", "read"), literal(proj, "write"))}))
	c.fails("fs/readFile", params(test{"", path(proj + "/a"), `{"permissions":{"type":"what"},"windowsSandboxLevel":"disabled"}`}), -32602, "unknown type")
	c.fails("fs/readFile", params(test{"", path(proj + "/a"), `{"permissions":{"type":"disabled"}}`}), -32602, "missing field `windowsSandboxLevel`")
	// The later spelling: URIs everywhere.
	c.ok("fs/writeFile", `{"path":"file://`+proj+`/uri","dataBase64":"","sandbox":`+
		strings.Replace(profile("file://"+proj, special("root", "read"), literal("file://"+proj, "write")), `"cwd"`, `"workspaceRoots":["file://`+proj+`"],"cwd"`, 1)+`}`)
}

// A directory that is swapped for a link while a call works on it must not lead out.
func TestFilesConfinedSwap(t *testing.T) {
	proj, out := tree4(t)
	c := ready(t, Options{})
	work := profile(proj, special("root", "read"), special("project_roots", "write"))
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
			}
			os.Mkdir(proj+"/x", 0o755)
			os.Remove(proj + "/x/f")
			os.Remove(proj + "/x")
			os.Symlink(out, proj+"/x")
			os.Remove(proj + "/x")
			os.Symlink(out+"/f", proj+"/y")
			os.Remove(proj + "/y")
		}
	}()
	var last gjson.Result
	for range 1000 {
		for _, name := range []string{"/x/f", "/y"} {
			last = c.answer(c.ask("fs/writeFile", `{"path":`+js(proj+name)+`,"dataBase64":"eA==","sandbox":`+work+`}`))
		}
	}
	close(stop)
	<-stopped
	if _, err := os.Lstat(out + "/f"); err == nil {
		t.Errorf("a file was written outside; last answer %s", last.Raw)
	}
}
