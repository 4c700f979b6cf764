package config

import (
	"reflect"
	"testing"

	"codex/tests/bighome"
)

// FuzzQuick: what quick takes, the decoder takes too, and gives the same.
func FuzzQuick(f *testing.F) {
	for _, s := range []string{
		smallConfig, "",
		"a = 1\r\n\t b\t=\t-0.5 # c\n\"c d\" = 'x\\y'\n'e' = \"\\\\ \\\"\\n\"\n-1 = true\n",
		"[a.b.c]\nz=9\n[a]\nb=1\n", "[a.b.c]\nz=9\n[a]\nd=1\n[a.b]\n", "[[t.a]]\n[t]\na=1", "[[a]]\n[a.b]\n[[a]]\n[a.b]\n[[a.c]]\n[[a.c]]",
		"a={}\n[a.b]", "a={b={c=[]}}\n[b]\n[[a]]", "[a]\n[a]", "[a]\n[[a]]", "a=[]\n[[a]]", "a=1\na=2", "a={b=1,b=2}", "a={b=1,}", "a=[1,,2]", "a=[\n1,# c\n2,\n]",
		"a=01", "a=-0", "a=1.", "a=.5", "a=1_0", "a=1979-05-27", "a=07:32", "a=inf", "a=True", "a=", "a", "=1", "a=1 b=2", "[a", "[a]]", "[]", "[[a]", "[ a . 'b' ]",
		"a='''x'''", "a=\"\"\"x\"\"\"", "a=\"\"\n''=''\n", "a=\"\x01\"", "a='x\n'", "a=\"\\u0041\"", "a=\"\xff\"", "\ufeffa=1", "a=1\rb=2", "# c\x00\n", "a=[[[[[[[[[[[[1]]]]]]]]]]]]",
		"[a.b.c.d.e.f.g.h.i.j.k]", "a.b.c=1\na.b.d=2\n[e]\na.b=1\na . 'c'=2", "a.b=1\na=1", "a=1\na.b=1", "a.b=1\n[a]", "a.b=1\n[a.b]", "a.b=1\n[a.c]", "[a.b]\n[a]\nb.c=1", "[[a]]\nb.c=1\n[[a]]\nb.c=1\nb=2",
		"a.b.c=1\n[a.b.d]", "[t]\na.b=1\n[t.a.c]\n[t.a]", "[[t.a]]\n[t]\na.v=1", "a='''\nx\n'y\n'''", "a=\"\"\"\nx\ty\"\"\nz\"\"\"", "a='''x''''", "a='''x''''''", "a=\"\"\"\\\nx\"\"\"",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		got, ok := quick(src)
		if !ok {
			return
		}
		if want, err := decodeAny(src); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: quick: %v; the decoder: %v, %v", src, got, want, err)
		}
	})
}

// TestQuickTakes: the usual is not left to the decoder.
func TestQuickTakes(t *testing.T) {
	for _, s := range []string{
		smallConfig, bighome.Config("", ""), "", "\n", "[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = \"command\"\n",
		"notify = [\n\t\"a\", # one\r\n\t'C:\\b',\r\n]\n", "path = \"C:\\\\Users\\\\me\"", "t = { a = { b = [1, -2.5, true, ''] }, \"c d\" = {} }",
	} {
		got, ok := quick(s)
		if want, err := decodeAny(s); !ok || err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%.60q: %v, %v", s, ok, err)
		}
	}
}
