package config

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		src  string
		want map[string]any
	}{
		{"a = 1\r\nb = '''x\r\n'y''''\r\n", map[string]any{"a": int64(1), "b": "x\r\n'y'"}},
		{"a.b = 1\na.c = 2\n[d]\ne.f = 1\n[d.g]\n", map[string]any{"a": map[string]any{"b": int64(1), "c": int64(2)}, "d": map[string]any{"e": map[string]any{"f": int64(1)}, "g": map[string]any{}}}},
		{"[[a]]\nb.x = 1\n[a.c]\n[[a]]\n[a.c]\nb.x=1\n", map[string]any{"a": []any{map[string]any{"b": map[string]any{"x": int64(1)}, "c": map[string]any{}}, map[string]any{"c": map[string]any{"b": map[string]any{"x": int64(1)}}}}}},
		{"[a.b.c]\n[a]\nd.e = 1\n[a.b]\n", map[string]any{"a": map[string]any{"b": map[string]any{"c": map[string]any{}}, "d": map[string]any{"e": int64(1)}}}},
		{"a = [ # c\n 1, 2.5e-3, 0x1F, 1_000,\n {b.x = 1,}, [[]],\n]", map[string]any{"a": []any{int64(1), 2.5e-3, int64(31), int64(1000), map[string]any{"b": map[string]any{"x": int64(1)}}, []any{[]any{}}}}},
		{"a = 1979-05-27T07:32:00.5-07:00\nb = 07:32:00\nc = 1979-05-27 07:32:00\nd = 07:32\ne = 1979-05-27", map[string]any{
			"a": "1979-05-27T07:32:00.5-07:00", "b": "07:32:00", "c": "1979-05-27T07:32:00", "d": "07:32:00", "e": "1979-05-27"}},
	} {
		if got, err := decode(c.src); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: %v %v", c.src, got, err)
		}
	}
}

// TestRedefined: what the decoder takes although a key is there twice.
func TestRedefined(t *testing.T) {
	for src, at := range map[string]string{
		"a.b=1\na=1":                      "line 2, column 1: Key 'a' ",
		"a=[]\na.b=1":                     "line 2, column 1: Key 'a' ",
		"[t]\na.b.c=1\na.b=1":             "line 3, column 3: Key 't.a.b' ",
		"a.b=1\n[a]":                      "line 2, column 2: Key 'a' ",
		"a={}\n[a.b]":                     "line 2, column 2: Key 'a' ",
		"a={}\n[[a.b]]":                   "line 2, column 3: Key 'a' ",
		"a={b={}, b.c=1}":                 "line 1, column 10: Key 'a.b' ",
		"[x]\na=[{b.c=1, b=2}]":           "line 2, column 12: Key 'x.a.b' ",
		"[[t.a]]\n[t]\na.v=1":             "line 3, column 1: Key 't.a' ",
		"[a.b.c]\nz=9\n[a]\nb.c.t='x'":    "line 4, column 3: Key 'a.b.c' ",
		"[f]\na.b.c=1\n[f.a.b]":           "line 3, column 6: Key 'f.a.b' ",
		"[[a]]\nb.c=1\n[[a]]\nb.c=1\nb=2": "line 5, column 1: Key 'a.b' ",
	} {
		if _, err := decode(src); err == nil || !strings.HasPrefix(err.Error(), at) {
			t.Errorf("%q: %v", src, err)
		}
	}
}

func TestDecodeDeep(t *testing.T) {
	for _, s := range []string{
		"a = " + strings.Repeat("[", 10_000_000), "a = " + strings.Repeat("[ # [\n", 65), "a = " + strings.Repeat("{a=", 100_000),
		strings.Repeat("a.", 1_000_000) + "a=1", "[" + strings.Repeat(`'a"'.`, 200) + "a]",
	} {
		if _, err := decode(s); err == nil || !strings.HasSuffix(err.Error(), "nested too deep") {
			t.Fatalf("%.20s: %v", s, err)
		}
	}
	text := strings.Repeat("# [[[ {{ a.b.c\n", 200) + strings.Repeat("[[a.b]]\nc.d.e=[['\\'],[\"\\\"[[\"], '''\n[[''']\n", 200)
	if _, err := decode(text); err != nil {
		t.Fatal(err)
	}
}

// FuzzDecode: an error has a place in the text, and everything in a document that is taken can
// be found by the index of positions.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{smallConfig, "a = [1,", "[[a]]\n[a]", "a = 1_", "a.b = 1\n[a]\n", "é = 1", "a = \"\\u00\"", "a=[{b.c=1}]\n[x]\ny={z=[2]}\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		m, err := decode(s)
		if e, ok := err.(*syntaxError); ok {
			if e.off < 0 || e.off > len(s) || e.msg == "" || !strings.HasPrefix(e.shown, e.msg) || e.at("p").Summary == "" {
				t.Fatalf("%q: %+v", s, e)
			}
			return
		}
		if m == nil {
			t.Fatalf("%q: %v", s, err)
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
		for it := range newDoc(s).all() {
			if _, ok := m[it.path[0]]; !ok {
				t.Fatalf("%q: no %q in %v", s, it.path, m)
			}
		}
	})
}
