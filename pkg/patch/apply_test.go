package patch

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"codex/pkg/foreign"
)

func wrap(body string) string { return "*** Begin Patch\n" + body + "\n*** End Patch" }

func mustParse(t testing.TB, body string) *Patch {
	t.Helper()
	p, err := Parse(wrap(body))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestVerify(t *testing.T) {
	files := map[string]string{"/w/f": "a\nb\nc\n", "/w/d/k": "1\n", "/w/bin": "x\xff\n", "/w/empty": ""}
	for _, c := range []struct {
		name, patch, err string
	}{
		{"missing line", "*** Update File: f\n@@\n-zzz\n+y", "Failed to find expected lines in /w/f:\nzzz"},
		{"missing context", "*** Update File: f\n@@ nope\n-b", "Failed to find context 'nope' in /w/f"},
		{"delete missing", "*** Delete File: nope", "Failed to read /w/nope: No such file or directory (os error 2)"},
		{"update missing", "*** Update File: nope\n@@\n-a", "Failed to read file to update /w/nope: No such file or directory (os error 2)"},
		{"delete not text", "*** Delete File: bin", "Failed to read /w/bin: invalid utf-8 sequence of 1 bytes from index 1"},
		{"update directory", "*** Update File: d\n@@\n-a", "Failed to read file to update /w/d: read: is a directory over there"},
		{"add then update", "*** Add File: n\n+x\n*** Update File: n\n@@\n-x\n+y", "Failed to read file to update /w/n: No such file or directory (os error 2)"},
		{"second update sees the file as it was", "*** Update File: f\n@@\n-b\n+B\n*** Update File: f\n@@\n-B\n+C", "Failed to find expected lines in /w/f:\nB"},
		{"two updates", "*** Update File: f\n@@\n-b\n+B\n*** Update File: f\n@@\n-c\n+C", ""},
		{"add over a directory", "*** Add File: d\n+x", ""},
		{"delete empty", "*** Delete File: empty", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMemFS(files)
			changes, err := Verify(context.Background(), m, "/w", mustParse(t, c.patch))
			if c.err == "" && err != nil || c.err != "" && (err == nil || err.Error() != c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			if err == nil && len(changes) == 0 {
				t.Error("no changes")
			}
			for _, call := range m.calls {
				if !strings.HasPrefix(call, "read ") {
					t.Errorf("a dry run called %q", call)
				}
			}
		})
	}
}

func TestVerifyChanges(t *testing.T) {
	m := newMemFS(map[string]string{"/w/f": "a\nb\nc\n", "/w/g": "1\n"})
	p := mustParse(t, "*** Add File: sub/../n\n+x\n*** Delete File: /w/g\n*** Update File: f\n*** Move to: q/h\n@@\n-b\n+B")
	changes, err := Verify(context.Background(), m, "/w", p)
	if err != nil || len(changes) != 3 {
		t.Fatal(changes, err)
	}
	if c := changes[0]; c.Path != "/w/n" || c.Kind != Add || c.Content != "x\n" || c.Old != nil || string(c.New) != "x\n" {
		t.Errorf("add: %+v", c)
	}
	if c := changes[1]; c.Path != "/w/g" || c.Kind != Delete || c.Content != "1\n" || string(c.Old) != "1\n" || c.New != nil {
		t.Errorf("delete: %+v", c)
	}
	if c := changes[2]; c.Path != "/w/f" || c.Kind != Update || c.MovePath != "/w/q/h" ||
		c.UnifiedDiff != "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n" || string(c.Old) != "a\nb\nc\n" || string(c.New) != "a\nB\nc\n" {
		t.Errorf("update: %+v", c)
	}
}

func TestParseErrorWordings(t *testing.T) {
	for _, c := range []struct{ text, program, tool string }{
		{"bogus", "Invalid patch: The first line of the patch must be '*** Begin Patch'",
			"invalid patch: The first line of the patch must be '*** Begin Patch'"},
		{"", "Invalid patch: The last line of the patch must be '*** End Patch'",
			"invalid patch: The last line of the patch must be '*** End Patch'"},
		{wrap("*** Update File: f"), "Invalid patch hunk on line 2: Update file hunk for path 'f' is empty",
			"invalid hunk at line 2, Update file hunk for path 'f' is empty"},
		{wrap("*** Environment ID:  \n*** Delete File: f"), "Invalid patch: apply_patch environment_id cannot be empty",
			"invalid patch: apply_patch environment_id cannot be empty"},
	} {
		_, err := Parse(c.text)
		var pe *ParseError
		if !errors.As(err, &pe) || pe.Error() != c.program || pe.ToolText() != c.tool {
			t.Errorf("%q: %v", c.text, err)
		}
	}
	p, err := Parse(wrap("  *** Environment ID: box \n*** Delete File: f"))
	if err != nil || p.EnvironmentID != "box" || len(p.Hunks) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestApply(t *testing.T) {
	files := map[string]string{"/w/f": "a\nb\nc\n", "/w/g": "1\n", "/w/d/k": "k\n"}
	for _, c := range []struct {
		name, patch string
		prepare     func(*memFS)
		err, after  string
		inexact     bool
	}{
		{name: "earlier files stay", patch: "*** Add File: n\n+x\n*** Update File: f\n@@\n-zz",
			err: "Failed to find expected lines in /w/f:\nzz", after: "/w/d/k=k\n;/w/f=a\nb\nc\n;/w/g=1\n;/w/n=x\n;"},
		{name: "failed write", patch: "*** Add File: n\n+x\n*** Add File: d\n+x",
			err: "Failed to write file /w/d: refused by the far end", after: "/w/d/k=k\n;/w/f=a\nb\nc\n;/w/g=1\n;/w/n=x\n;", inexact: true},
		{name: "missing delete", patch: "*** Add File: n\n+x\n*** Delete File: nope",
			err: "Failed to delete file /w/nope: no such file or directory", after: "/w/d/k=k\n;/w/f=a\nb\nc\n;/w/g=1\n;/w/n=x\n;"},
		{name: "failed removal of a source", patch: "*** Update File: f\n*** Move to: n\n@@\n-b",
			prepare: func(m *memFS) { m.fails["-/w/f"] = true },
			err:     "Failed to remove original /w/f: refused by the far end", after: "/w/d/k=k\n;/w/f=a\nb\nc\n;/w/g=1\n;/w/n=a\nc\n;", inexact: true},
		{name: "move onto itself keeps the file", patch: "*** Update File: f\n*** Move to: ./d/../f\n@@\n-b",
			after: "/w/d/k=k\n;/w/f=a\nc\n;/w/g=1\n;"},
		{name: "move onto a link to itself keeps the content", patch: "*** Update File: f\n*** Move to: l\n@@\n-b",
			prepare: func(m *memFS) { m.links["/w/l"] = "/w/f" },
			after:   "/w/d/k=k\n;/w/f=a\nc\n;/w/g=1\n;", inexact: true},
		{name: "move to another case of itself keeps the content", patch: "*** Update File: f\n*** Move to: F\n@@\n-b",
			prepare: func(m *memFS) { m.caseless = true },
			after:   "/w/d/k=k\n;/w/f=a\nc\n;/w/g=1\n;"},
		{name: "through a link", patch: "*** Update File: l\n@@\n-b",
			prepare: func(m *memFS) { m.links["/w/l"] = "/w/f" },
			after:   "/w/d/k=k\n;/w/f=a\nc\n;/w/g=1\n;", inexact: true},
		{name: "over what is not text", patch: "*** Add File: f\n+x",
			prepare: func(m *memFS) { m.files["/w/f"] = "\xff" },
			after:   "/w/d/k=k\n;/w/f=x\n;/w/g=1\n;", inexact: true},
		{name: "empty", patch: "", err: "No files were modified.", after: "/w/d/k=k\n;/w/f=a\nb\nc\n;/w/g=1\n;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMemFS(files)
			if c.prepare != nil {
				c.prepare(m)
			}
			p := &Patch{}
			if c.patch != "" {
				p = mustParse(t, c.patch)
			}
			res, err := Apply(context.Background(), m, "/w", p)
			if c.err == "" && err != nil || c.err != "" && (err == nil || err.Error() != c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			if got := m.list(); got != c.after {
				t.Errorf("files %q, want %q", got, c.after)
			}
			if res.Inexact != c.inexact {
				t.Errorf("inexact is %v", res.Inexact)
			}
			if n := len(res.Added) + len(res.Modified) + len(res.Deleted); n != len(res.Applied) {
				t.Errorf("%d in the summary, %d applied", n, len(res.Applied))
			}
		})
	}
}

// Chunks that want the same lines: the original lets one of them overwrite
// the other, or tears a hole.
func TestOverlappingChunks(t *testing.T) {
	for _, c := range []struct{ name, old, patch, want, err string }{
		{"shared context", "a\nb\nc\n", "@@\n a\n-b\n+B\n c\n@@\n c\n+d\n*** End of File", "a\nB\nc\nd\n", ""},
		{"the last line twice", "a\nb\nc\n", "@@\n a\n-b\n+B\n c\n@@\n-c\n+d\n*** End of File", "a\nB\nd\n", ""},
		{"gone by then", "a\n", "@@\n-a\n+A\n@@\n-a\n+B\n*** End of File", "", "Failed to find expected lines in f:\na"},
		{"addition after a rewritten end", "a\n\n", "@@\n-a\n-\n+b\n@@\n+x", "b\nx\n", ""},
		{"addition amid later lines", "a\nb\n\n", "@@\n+x\n@@\n-b\n-\n+c", "a\nc\nx\n", ""},
	} {
		p := mustParse(t, "*** Update File: f\n"+c.patch)
		pieces, err := rewrite("f", []byte(c.old), p.Hunks[0].Chunks)
		got := string(slices.Concat(pieces...))
		if got != c.want || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}

func TestUTF8Errors(t *testing.T) {
	for text, want := range map[string]string{
		"ab\xe2\x82":         "incomplete utf-8 byte sequence from index 2",
		"ab\xf0\x9f\x98A":    "invalid utf-8 sequence of 3 bytes from index 2",
		"ab\xed\xa0\x80":     "invalid utf-8 sequence of 1 bytes from index 2",
		"\xff":               "invalid utf-8 sequence of 1 bytes from index 0",
		"\xc3":               "incomplete utf-8 byte sequence from index 0",
		"\ufffd\xe2\x28\xa1": "invalid utf-8 sequence of 1 bytes from index 3",
	} {
		if err := checkUTF8([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if err := checkUTF8([]byte("é\ufffd\n")); err != nil {
		t.Error(err)
	}
}

func TestOS(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	if err := (OS{}).Remove(ctx, dir); err == nil {
		t.Error("removed a directory")
	}
	if runtime.GOOS != "windows" {
		if _, err := (OS{}).ReadFile(ctx, "/dev/zero"); !errors.Is(err, foreign.ErrNotRegular) {
			t.Errorf("/dev/zero: %v", err)
		}
		if err := (OS{}).WriteFile(ctx, "/dev/null", nil); !errors.Is(err, foreign.ErrNotRegular) {
			t.Errorf("/dev/null: %v", err)
		}
		file, link := filepath.Join(dir, "f"), filepath.Join(dir, "l")
		if err := (OS{}).WriteFile(ctx, file, []byte("x")); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("f", link); err != nil {
			t.Fatal(err)
		}
		if info, err := (OS{}).Stat(ctx, link); err != nil || info != (Info{IsFile: true, IsSymlink: true}) {
			t.Errorf("%+v, %v", info, err)
		}
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Apply(done, OS{}, dir, mustParse(t, "*** Add File: n\n+x")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

type homeFS struct{ *memFS }

func (homeFS) Home(context.Context) (string, error) { return "/home/u", nil }

func TestHome(t *testing.T) {
	ctx := context.Background()
	m := newMemFS(map[string]string{})
	p := mustParse(t, "*** Add File: ~/x\n+1\n*** Add File: ~u/y\n+1")
	if _, err := Apply(ctx, homeFS{m}, "/w", p); err != nil || m.list() != "/home/u/x=1\n;/w/~u/y=1\n;" {
		t.Errorf("%s, %v", m.list(), err)
	}
	m = newMemFS(map[string]string{})
	if _, err := Apply(ctx, m, "/w", p); err != nil || m.list() != "/w/~/x=1\n;/w/~u/y=1\n;" {
		t.Errorf("%s, %v", m.list(), err)
	}
}

func TestMainForms(t *testing.T) {
	for _, c := range []struct {
		args           []string
		stdin          string
		exit           int
		stdout, stderr string // prefixes
	}{
		{[]string{"--help"}, "", 0, "Usage: apply_patch", ""},
		{[]string{"--version"}, "", 0, "apply_patch ", ""},
		{[]string{"--help", "x"}, "", 2, "", "Error: apply_patch accepts exactly one argument.\n"},
		{[]string{"--bogus"}, "", 1, "", "Invalid patch: The first line"},
		{[]string{""}, "", 1, "", "Invalid patch: The last line"},
		{nil, "\n", 1, "", "Invalid patch: The last line"},
		{nil, "\xff", 1, "", "Error: Failed to read PATCH from stdin.\nstream did not contain valid UTF-8\n"},
		{nil, wrap("*** Add File: a\n+1"), 0, "Success. Updated the following files:\nA a\n", ""},
		{[]string{"-"}, wrap("*** Add File: b\n+1"), 0, "Success. Updated the following files:\nA b\n", ""},
	} {
		var out, errs bytes.Buffer
		exit := Main(context.Background(), OS{}, c.args, strings.NewReader(c.stdin), &out, &errs, t.TempDir())
		if exit != c.exit || !strings.HasPrefix(out.String(), c.stdout) || !strings.HasPrefix(errs.String(), c.stderr) ||
			(c.stdout == "") != (out.Len() == 0) || (c.stderr == "") != (errs.Len() == 0) {
			t.Errorf("%q: exit %d, stdout %q, stderr %q", c.args, exit, &out, &errs)
		}
	}
}
