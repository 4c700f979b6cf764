package yaml

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	library "go.yaml.in/yaml/v3"
)

// documents are written as people write them.
var documents = []string{
	"name: foo\ndescription: Foo does things\nmetadata:\n  short-description: sf\n  version: \"1.0\"\n",
	"description: |\n  multi\n  line   text\n\n  end\nname: x\n",
	"description: >-\n  folded\n  text\n\n  next\n    kept\n  end\n",
	"description: >\n\n  folded\n\n\n",
	"description: |+\n  kept\n\n",
	"description: |2\n   one more\n  x\n",
	"description: plain that\n  goes on\n\n  and on # comment\nname: y # z\n",
	"description: 'it''s'\nname: \"a\\tb\\u00e4\\\"\"\n",
	"description: \"two\n  lines\\\n  joined\n\n  para\"\n",
	"allowed-tools: [Bash, \"Read\", 'Write', a b]\nx: {a: 1, b: [c, {d: e}], \"f\": g}\n",
	"tools:\n  - type: mcp\n    value: x\n  - type: env\n    value: Y\nlist:\n- a\n- b\n-\n  c\n- - d\n  - e\n",
	"a:\nb: ~\nc: null\nd: \"null\"\ne: true\nf: 12\n",
	"---\na: 1\n...\n",
	"\"quoted key\": 1\n'k': 2\nurl: http://x/y#z\nt: 12:30\n",
	"# comment\n\na: 1\n  # more\nb:\n  # inside\n  c: 2\n",
	"x: [a,\n  b,\n  c]\ny: {a: b,\n c: d}\n",
	"brand_color: \"#aabbcc\"\nempty: \"\"\n",
	"just text\nthat goes on\n", "[a, b]", "", "- a\n- b: c\n  d: e\n",
	"a:\n    b:\n      c: d\n    e: f\n",
	"a: - b\n", "a: b\n c: d\n", "a: [\n", "a: 'x\n", "a\nb: c\n", "a: \"x\" y\n", "a: 1\na: 2\n", "\ta: 1\n", "a: &b c\n", "- a\nb: c\n", "a: |x\n  y\n",
}

// same compares with what the library reads; where that refuses, ours need not.
func same(t *testing.T, doc string) {
	got, err := Parse(doc)
	var e *Error
	if err != nil && (!errors.As(err, &e) || e.Line < 1 || e.Column < 1) {
		t.Fatalf("%q: %v", doc, err)
	}
	var n library.Node
	if lerr := library.Unmarshal([]byte(doc), &n); lerr != nil || err != nil {
		return
	}
	want, ok := plain(&n)
	if _, text := want.(string); text {
		return // no file is one text, and the library has some of these wrong
	}
	if ok && !reflect.DeepEqual(got, want) {
		t.Errorf("%q\n got %#v\nwant %#v", doc, got, want)
	}
}

// plain is a node of the library as ours; ok is false where ours cannot say it.
func plain(n *library.Node) (v any, ok bool) {
	switch n.Kind {
	case 0:
		return nil, true
	case library.DocumentNode:
		return plain(n.Content[0])
	case library.ScalarNode:
		if n.Tag == "!!null" {
			return nil, true
		}
		return n.Value, true
	case library.SequenceNode:
		out := []any{}
		for _, c := range n.Content {
			v, ok := plain(c)
			if !ok {
				return nil, false
			}
			out = append(out, v)
		}
		return out, true
	case library.MappingNode:
		out := Map{}
		for i := 0; i < len(n.Content); i += 2 {
			v, ok := plain(n.Content[i+1])
			if !ok || n.Content[i].Kind != library.ScalarNode {
				return nil, false
			}
			if _, twice := out[n.Content[i].Value]; twice {
				return nil, false
			}
			out[n.Content[i].Value] = v
		}
		return out, true
	}
	return nil, false
}

func TestParse(t *testing.T) {
	for _, doc := range documents {
		same(t, doc)
		same(t, strings.ReplaceAll(doc, "\n", "\r\n"))
	}
	for doc, want := range map[string]string{
		"a: [\n":                         "not closed at line 1 column 4",
		"a: &b c\n":                      "`&` is not read here at line 1 column 4",
		"a: 1\na: 2":                     "duplicate field `a` at line 2 column 1",
		"\ta: 1\n":                       "a tab can't indent at line 1 column 1",
		"a: b\n c: d\n":                  "mapping values are not allowed in this context at line 2 column 2",
		strings.Repeat("- ", 100) + "a":  "nested too deeply at line 1 column 1",
		"a: " + strings.Repeat("[", 100): "nested too deeply at line 1 column 4",
	} {
		if _, err := Parse(doc); err == nil || err.Error() != want {
			t.Errorf("%q: %v", doc, err)
		}
	}
	// What a description says after a colon is part of it.
	if v, err := Parse("description: Use it when: always\n"); err != nil || v.(Map)["description"] != "Use it when: always" {
		t.Error(v, err)
	}
}

// TestRandom compares on short documents, most of them nonsense.
func TestRandom(t *testing.T) {
	const alphabet = "ab:-?#'\"[]{},|> \n\t\\&*0x~"
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 50000 {
		doc := make([]byte, rnd.IntN(24))
		for i := range doc {
			doc[i] = alphabet[rnd.IntN(len(alphabet))]
		}
		same(t, string(doc))
	}
}

// FuzzParse does without the library, which some inputs keep busy for ever.
func FuzzParse(f *testing.F) {
	for _, doc := range documents {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		var e *Error
		if _, err := Parse(doc); err != nil && (!errors.As(err, &e) || e.Line < 1 || e.Column < 1) {
			t.Fatal(err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := Parse(documents[0]); err != nil {
			b.Fatal(err)
		}
	}
}
