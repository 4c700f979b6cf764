package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
)

func TestOutput(t *testing.T) {
	for _, id := range []string{"p1", "", "ä\"\n<>"} {
		for _, data := range []string{"", "a", "out\n", "\xff\x00\xc3", strings.Repeat("x", 32<<10)} {
			line := AppendOutput([]byte("before"), QuoteID(id), 42, Stderr, []byte(data))
			if len(line)-len("before") > OutputSize(QuoteID(id), len(data)) {
				t.Errorf("%q: longer than announced", id)
			}
			line = bytes.TrimSuffix(line[len("before"):], []byte{'\n'})
			var v struct {
				Method string
				Params struct {
					ProcessID string
					Chunk
				}
			}
			if err := json.Unmarshal(line, &v); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if v.Method != NotifyOutput || v.Params.ProcessID != id || v.Params.Seq != 42 || v.Params.Stream != Stderr || string(v.Params.Data) != data {
				t.Errorf("%q: %+v", id, v)
			}
			o, ok := ParseOutput(line)
			if plain := id == "p1" || id == ""; ok != plain {
				t.Errorf("%q: fast path %v", id, ok)
			} else if ok {
				got, err := base64.StdEncoding.DecodeString(string(o.Chunk))
				if err != nil || string(got) != data || o.Seq != 42 || o.Stream != Stderr || string(o.ProcessID) != id {
					t.Errorf("%q: %+v", id, o)
				}
			}
		}
	}
}

// Lines as the original's servers were seen to write them.
func TestOutputOfOthers(t *testing.T) {
	const head = `{"method":"process/output","params":{"processId":"p1","seq":`
	for line, want := range map[string]bool{
		head + `1,"stream":"stdout","chunk":"b3V0Cg=="}}`:                                  true,
		head + `18446744073709551615,"stream":"pty","chunk":""}}`:                          false, // for the general decoder
		head + `01,"stream":"stdout","chunk":""}}`:                                         false,
		head + `1,"stream":"std\u006fut","chunk":""}}`:                                     false,
		head + `1,"stream":"other","chunk":""}}`:                                           false,
		head + `1,"stream":"stdout","chunk":"","more":1}}`:                                 false,
		head + `1,"stream":"stdout","chunk":"`:                                             false,
		`{"method":"process/exited","params":{"processId":"p1","seq":3,"exitCode":3}}`:     false,
		`{"method": "process/output","params":{"processId":"p1","seq":1,"stream":"pty"}}`:  false,
		`{"method":"process/output","params":{"processId":"p\\","seq":1,"stream":"pty"}}`:  false,
		`{"method":"process/output","params":{"processId":"p1","seq":,"stream":"stdout"}}`: false,
		"": false,
	} {
		if _, ok := ParseOutput([]byte(line)); ok != want {
			t.Errorf("%s: %v", line, ok)
		}
	}
}

// The fast path never says anything else than the general decoder.
func FuzzParseOutput(f *testing.F) {
	f.Add(AppendOutput(nil, QuoteID("p1"), 1, Stdout, []byte("out\n")))
	f.Add([]byte(`{"method":"process/output","params":{"processId":"p1","seq":0,"stream":"pty","chunk":"="}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		o, ok := ParseOutput(line)
		if !ok {
			return
		}
		var v struct {
			Method string
			Params struct {
				ProcessID string
				Seq       uint64
				Stream    string
				Chunk     string
			}
		}
		if err := json.Unmarshal(line, &v); err != nil {
			if _, e := base64.StdEncoding.DecodeString(string(o.Chunk)); e == nil {
				t.Fatalf("%q: %v", line, err)
			}
			return // what is not base64 is found when it is decoded
		}
		if v.Params.ProcessID != string(o.ProcessID) || v.Params.Seq != o.Seq || v.Params.Stream != o.Stream {
			t.Fatalf("%q: %+v, want %+v", line, o, v)
		}
	})
}

func TestPaths(t *testing.T) {
	for path, uri := range map[string]string{
		"/":             "file:///",
		"/a b/ä":        "file:///a%20b/%C3%A4",
		"/100%/x#y?z":   "file:///100%25/x%23y%3Fz",
		"/latin\xe9":    "file:///latin%E9",
		"/a+b@c:d~e;f=": "file:///a+b@c:d~e;f=",
	} {
		if got := PathToURI(path); got != uri {
			t.Errorf("%q: %s, want %s", path, got, uri)
		}
		for _, s := range []string{uri, strings.Replace(uri, "file://", "file://localhost", 1), strings.Replace(uri, "file://", "file:", 1)} {
			if got, isURI, err := ParsePath(s); got != path || !isURI || err != nil {
				t.Errorf("%s: %q %v %v", s, got, isURI, err)
			}
		}
		if got, isURI, err := ParsePath(path); got != path || isURI || err != nil {
			t.Errorf("%q: %q %v %v", path, got, isURI, err)
		}
	}
	for _, s := range []string{"", "a/b", ".", "file:", "file:a", "file://host/a", "file://", "file:///%", "file:///%4", "file:///%zz", "http://x/"} {
		if got, _, err := ParsePath(s); err == nil {
			t.Errorf("%q: %q", s, got)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	f.Add("file:///a%20b")
	f.Add("/plain")
	f.Add("/:")
	f.Fuzz(func(t *testing.T, s string) {
		path, _, err := ParsePath(s)
		if err != nil {
			return
		}
		if again, _, err := ParsePath(PathToURI(path)); err != nil || again != path {
			t.Errorf("%q: %q becomes %q, %v", s, path, again, err)
		}
	})
}

// Requests look as the original's own engine sends them.
func TestShapes(t *testing.T) {
	for _, test := range []struct {
		v    any
		want string
	}{
		{InitializeParams{ClientName: "codex-environment"}, `{"clientName":"codex-environment","resumeSessionId":null}`},
		{StartParams{ProcessID: "1", Argv: []string{"a"}, Cwd: "/", Env: map[string]string{}}, `{"processId":"1","argv":["a"],"cwd":"/","env":{},"tty":false,"pipeStdin":false,"arg0":null}`},
		{PathParams{Path: "/x"}, `{"path":"/x","sandbox":null}`},
		{ReadParams{ProcessID: "1"}, `{"processId":"1","afterSeq":null,"maxBytes":null,"waitMs":null}`},
		{TerminateParams{ProcessID: "1"}, `{"processId":"1"}`},
		{ExitedParams{ProcessID: "1", Seq: 2, ExitCode: 3}, `{"processId":"1","seq":2,"exitCode":3}`},
		{ClosedParams{ProcessID: "1", Seq: 2}, `{"processId":"1","seq":2}`},
		{WriteParams{ProcessID: "1", Data: []byte("x")}, `{"processId":"1","chunk":"eA=="}`},
		{StartResult{ProcessID: "1"}, `{"processId":"1"}`},
	} {
		b, err := json.Marshal(test.v)
		if err != nil || string(b) != test.want {
			t.Errorf("%s, %v; want %s", b, err, test.want)
		}
	}
}

func BenchmarkOutput(b *testing.B) {
	data := make([]byte, 32<<10)
	id := QuoteID("p1")
	var buf []byte
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		buf = AppendOutput(buf[:0], id, 1, Stdout, data)
		if _, ok := ParseOutput(buf[:len(buf)-1]); !ok {
			b.Fatal("not taken")
		}
	}
}
