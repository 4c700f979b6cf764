package jsonrpc

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

// errSyntax stands for an error of encoding/json.
var errSyntax = errors.New("not valid JSON")

func nest(open, inside, end string, n int) string {
	return strings.Repeat(open, n) + inside + strings.Repeat(end, n)
}

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		in  string
		err error // nil: valid; errSyntax: in the words of encoding/json
	}{
		{`{"a":[1,-0.5e+3,"\u00e9\n",true,false,null],"b":{}}`, nil},
		{" [ ] ", nil},
		{`"x"`, nil},
		{nest("[", "", "]", MaxDepth), nil},
		{nest(`{"a":`, "1", "}", MaxDepth), nil},
		{nest("[", "", "]", MaxDepth+1), ErrDepth},
		{nest(`{"a":`, "1", "}", MaxDepth+1), ErrDepth},
		{strings.Repeat("[", 12<<20), ErrDepth},
		{strings.Repeat(`{"a":`, 1<<20), ErrDepth},
		{"\"\xff\"", ErrUTF8},
		{"", errSyntax},
		{"[1,]", errSyntax},
		{"[1 2]", errSyntax},
		{`{"a"}`, errSyntax},
		{`{"a":1,}`, errSyntax},
		{`{1:2}`, errSyntax},
		{`{"a":1]`, errSyntax},
		{`[1}`, errSyntax},
		{"01", errSyntax},
		{"-", errSyntax},
		{"1.", errSyntax},
		{"1e", errSyntax},
		{`"\x"`, errSyntax},
		{`"\u12g4"`, errSyntax},
		{"\"\n\"", errSyntax},
		{"tru", errSyntax},
		{"1 1", errSyntax},
	} {
		err := Check([]byte(test.in))
		var syntax *json.SyntaxError
		switch {
		case test.err == errSyntax && errors.As(err, &syntax):
		case test.err != errSyntax && errors.Is(err, test.err):
		default:
			t.Errorf("%.40q: %v", test.in, err)
		}
		if Valid([]byte(test.in)) != (test.err == nil) {
			t.Errorf("%.40q: Valid is not Check", test.in)
		}
	}
}

// FuzzCheck holds Check against encoding/json.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{`{"a":[1,{"b":"c\u00e9"}]}`, `[]`, `-0.1E-2`, `{"":""}`, nest("[", "", "]", 600), "\"\xc3\"", "[{}", ` {"a" : 1 } `} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		err := Check(b)
		want := json.Valid(b) && utf8.Valid(b)
		if errors.Is(err, ErrDepth) {
			if deepest(b) <= MaxDepth {
				t.Fatalf("%q is only %d deep", b, deepest(b))
			}
			return
		}
		if (err == nil) != want {
			t.Fatalf("%q: %v, but valid is %v", b, err, want)
		}
		if want && deepest(b) > MaxDepth {
			t.Fatalf("%q is %d deep", b, deepest(b))
		}
	})
}

// deepest counts brackets outside of strings, as far as they are JSON.
func deepest(b []byte) (most int) {
	depth, inside := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inside && c == '\\':
			i++
		case c == '"':
			inside = !inside
		case inside:
		case c == '{', c == '[':
			depth++
			most = max(most, depth)
		case c == '}', c == ']':
			depth--
		}
	}
	return most
}

func BenchmarkCheck(b *testing.B) {
	line := []byte(`{"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":" sixteen bytes."}`)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if Check(line) != nil {
			b.Fatal("valid")
		}
	}
}
