package config

import (
	"bytes"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestDocuments: what has been decoded once is what decoding it again gives, in this program
// and in the next, and belongs to whoever asked.
func TestDocuments(t *testing.T) {
	text := "a = 1\nb = -2.5\nc = [true, false, 'x', {d = 'e'}]\nf = 2026-01-01\ng = inf\n[h.i]\nj = ''\n[[k]]\nl = 9223372036854775807\n[[k]]\n" + strings.Repeat("# much\n", minDocument)
	want, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	docs := &Documents{}
	for range 2 {
		got, err := docs.decode(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%v, %v", got, err)
		}
		got["h"].(map[string]any)["i"] = "changed"
	}
	next, err := ReadDocuments(bytes.NewReader(docs.Encode()))
	if err != nil || len(next.trees) != 1 {
		t.Fatalf("%v, %v", next, err)
	}
	tree, err := decodeTree(next.trees[text])
	if err != nil || !reflect.DeepEqual(tree, want) {
		t.Fatalf("%v, %v", tree, err)
	}
	if _, err := docs.decode("x = [\n" + text); err == nil || len(docs.trees) != 1 {
		t.Fatal("an error is remembered", err)
	}
	next.trees[text] = "damaged"
	if got, err := next.decode(text); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("damaged: %v, %v", got, err)
	}
	if docs := (&Documents{}).Encode(); docs != nil {
		t.Fatal(docs)
	}
	for range 3 * maxDocuments {
		text += "#\n"
		if _, err := docs.decode(text); err != nil || len(docs.trees) > maxDocuments {
			t.Fatal(err, len(docs.trees))
		}
	}
}

// TestDocumentsOfLoad: a load with documents of another program is the same.
func TestDocumentsOfLoad(t *testing.T) {
	env := testEnv(t, nil)
	write(t, filepath.Join(env.home(), "config.toml"), "model = 'm'\nlog_dir = 'l'\n[profiles.p]\nmodel = 'n'\n"+strings.Repeat("# much\n", minDocument))
	first := &Documents{}
	a := load(t, Options{Env: env, Documents: first})
	second, err := ReadDocuments(bytes.NewReader(first.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	b := load(t, Options{Env: env, Documents: second})
	if !reflect.DeepEqual(a.Layers, b.Layers) || a.Model != "m" || b.Model != "m" || a.LogDir != b.LogDir || a.LogDir != filepath.Join(env.home(), "l") {
		t.Errorf("%+v\n%+v", a, b)
	}
}

func FuzzDocuments(f *testing.F) {
	docs := &Documents{}
	if _, err := docs.decode("a = [1, 2.5, {b = true}]\n" + strings.Repeat("#\n", minDocument)); err != nil {
		f.Fatal(err)
	}
	f.Add(docs.Encode())
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		docs, err := ReadDocuments(bytes.NewReader(b))
		if err != nil {
			return
		}
		for _, s := range docs.trees {
			tree, err := decodeTree(s)
			if err != nil {
				continue
			}
			again, err := decodeTree(string(appendValue(nil, tree)))
			if err != nil || !hasNaN(tree) && !reflect.DeepEqual(tree, again) {
				t.Fatalf("%v, %v, %v", tree, again, err)
			}
		}
	})
}

func hasNaN(v any) bool {
	switch v := v.(type) {
	case float64:
		return math.IsNaN(v)
	case []any:
		for _, x := range v {
			if hasNaN(x) {
				return true
			}
		}
	case map[string]any:
		for _, x := range v {
			if hasNaN(x) {
				return true
			}
		}
	}
	return false
}

// FuzzRedefined holds that the quick look overlooks nothing that the whole one would refuse.
func FuzzRedefined(f *testing.F) {
	for _, s := range []string{"a={b=1}\n[a.c]\n", "a={b=1}\na.c=2\n", "a={b={x=1},b.y=2}\n", "[t]\n'a'={b=1}\n[t.\"a\".c]\n", "a.b=1\n[a]\n", "a=[\n[{b={x=1},b.y=2}],\n]\n", "a=[\n'{.',\n{b={c=1},b.d=1}]",
		"\"a=b\"={}\n[\"a=b\".c]\n", "\"\\u0061\"={}\n[a.c]\n", "=", "a\n={b=1}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if tooDeep(s) >= 0 || mayRedefine(s) {
			return
		}
		if _, err := decode(s); err != nil {
			return
		}
		if err := newDoc(s).redefined(); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
	})
}
