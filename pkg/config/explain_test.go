package config

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestExplainAgrees: what the parser takes, explain must not object to, though
// it is never asked then.
func TestExplainAgrees(t *testing.T) {
	for _, s := range []string{
		smallConfig, "a = 1\r\nb = '''x\r\n'y''''\r\n", "a.b = 1\na.c = 2\n[d]\ne.f = 1\n[d.g]\n", "[[a]]\nb = 1\n[a.c]\n[[a]]\n[a.c]\n",
		"[a.b.c]\n[a]\nd = 1\n[a.b]\n", "a = [ # c\n 1, 2.5e-3, 0x1F, 1_000,\n {b = 1,}, [[]],\n]", "a = \"\"\"x\\\n  y \\u00e9\"\"\"", "'' = 1\n\"\" .x = 1\n",
		"a = 1979-05-27T07:32:00.5-07:00\nb = 07:32:00\nc = 1979-05-27 07:32:00\nd = 07:32\n", "a = +inf\nb = -nan\nc = +0.0\nd = -0\ne = 9223372036854775807\nf = -9223372036854775808\n",
	} {
		if _, err := decode(s); err != nil && !strings.HasPrefix(s, "''") {
			t.Errorf("%q: %v", s, err)
			continue
		}
		if _, _, msg, ok := explain(s); ok && !strings.HasPrefix(s, "''") {
			t.Errorf("%q: %s", s, msg)
		}
	}
}

func TestExplainDeep(t *testing.T) {
	if _, err := decode("a = " + strings.Repeat("[", 100_000)); err == nil {
		t.Fatal("no error")
	}
}

func FuzzExplain(f *testing.F) {
	for _, s := range []string{smallConfig, "a = [1,", "[[a]]\n[a]", "a = 1_", "a.b = 1\n[a]\n", "é = 1", "a = \"\\u00\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		m, err := decode(s)
		off, n, msg, ok := explain(s)
		if ok && (off < 0 || off > len(s) || n < 1 || msg == "") {
			t.Fatalf("%q: %d %d %q", s, off, n, msg)
		}
		if err != nil {
			placedError("p", s, off, n, msg)
			return
		}
		if ok {
			t.Fatalf("%q: %s", s, msg)
		}
		// Every fault can be found in the text.
		c := checker{strict: true}
		c.root(m)
		for _, fault := range c.faults {
			locate(s, fault.loc)
		}
		for _, loc := range c.unknown {
			if off, n := locateKey(s, loc); off < 0 || off+n > len(s)+1 {
				t.Fatalf("%q: %q at %d+%d", s, loc, off, n)
			}
		}
	})
}
