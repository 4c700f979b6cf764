package protocol_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"codex/pkg/jsonrpc"
	. "codex/pkg/protocol"
	"codex/tests/earlier"
)

// TestTranscripts passes every captured line through our types. What the original's
// server wrote must come out byte for byte; what a client wrote must keep its members,
// a null or a false being the same as nothing.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) { passTranscript(t, f) })
	}
}

type line struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

func passTranscript(t *testing.T, file string) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	methods := map[string]Method{}
	for _, m := range Methods() {
		methods[m.Name] = m
	}
	asked := map[string]map[string]Method{">": {}, "<": {}} // by who asked, then by id
	passed := 0
	in := bufio.NewReader(f)
	for no := 1; ; no++ {
		text, err := in.ReadString('\n')
		if err != nil {
			break
		}
		text = strings.TrimSuffix(text, "\n")
		who := text[:1]
		raw := []byte(strings.TrimPrefix(strings.TrimPrefix(text, "> "), "< "))
		var l line
		if who != ">" && who != "<" || json.Unmarshal(raw, &l) != nil {
			continue // a note, a line cut for size, or deliberate garbage
		}
		m, known := methods[l.Method]
		var typ reflect.Type
		var body json.RawMessage
		switch {
		case l.Method != "" && !known:
			continue
		case l.Method != "":
			if l.ID != nil {
				asked[who][string(l.ID)] = m
			}
			typ, body = m.Params, l.Params
		case l.Result != nil:
			other := map[string]string{">": "<", "<": ">"}[who]
			call, ok := asked[other][string(l.ID)]
			if !ok {
				continue
			}
			typ, body = call.Result, l.Result
		case l.Error != nil:
			continue
		}
		if typ == nil || body == nil {
			continue
		}
		out, err := pass(typ, body)
		switch {
		case err != nil && who == ">":
			continue // malformed on purpose, the original refuses it too
		case err != nil:
			t.Errorf("line %d: %v", no, err)
		case who == "<" && !bytes.Equal(earlier.Value(typ, out), body):
			t.Errorf("line %d:\n got %s\nwant %s", no, out, body)
		case who == ">":
			if diff := lost(body, out); diff != "" {
				t.Errorf("line %d: %s lost in\n got %s\nwant %s", no, diff, out, body)
			}
		}
		passed++
	}
	if passed < 5 {
		t.Fatalf("only %d lines understood", passed)
	}
}

// pass decodes into a new value of the type and encodes it as jsonrpc.Writer does.
func pass(typ reflect.Type, body []byte) ([]byte, error) {
	v := reflect.New(typ)
	if err := json.Unmarshal(body, v.Interface()); err != nil {
		return nil, err
	}
	return jsonrpc.Marshal(v.Elem().Interface())
}

// lost names the first member of want that got does not have with the same value.
func lost(want, got []byte) string {
	var w, g any
	if json.Unmarshal(want, &w) != nil || json.Unmarshal(got, &g) != nil {
		return "everything"
	}
	return lostIn("$", w, g)
}

func lostIn(at string, w, g any) string {
	switch w := w.(type) {
	case nil:
		if g != nil {
			return at
		}
	case bool:
		if b, _ := g.(bool); b != w {
			return at // false is the same as nothing
		}
	case map[string]any:
		gm, _ := g.(map[string]any)
		for k, v := range w {
			if d := lostIn(at+"."+k, v, gm[k]); d != "" {
				return d
			}
		}
	case []any:
		gl, _ := g.([]any)
		if len(gl) != len(w) {
			return at
		}
		for i := range w {
			if d := lostIn(fmt.Sprintf("%s[%d]", at, i), w[i], gl[i]); d != "" {
				return d
			}
		}
	default:
		if !reflect.DeepEqual(w, g) {
			return at
		}
	}
	return ""
}
