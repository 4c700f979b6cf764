package server

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

	"codex/pkg/exec/wire"
	"codex/pkg/jsonrpc"
)

// FuzzLine: whatever comes, the server answers in whole JSON lines or ends the
// connection, and never touches anything: what could start or write is put out of reach
// by the handshake, or by a policy that allows nothing.
func FuzzLine(f *testing.F) {
	for _, line := range []string{
		`{"id":1,"method":"process/read","params":{"processId":"a","afterSeq":1,"maxBytes":0,"waitMs":1}}`,
		`{"id":1,"method":"process/write","params":{"processId":"a","chunk":"eA==","writeId":"x","codexSandbox":{"eof":true}}}`,
		`{"id":1,"method":"process/terminate","params":{"processId":"a","codexSandbox":{"graceMs":5}}}`,
		`{"id":1,"method":"process/signal","params":{"processId":"a","signal":"interrupt"}}`,
		`{"id":"x","method":"codexSandbox/resize","params":{"processId":"a","rows":1,"cols":70000}}`,
		`{"id":1,"method":"fs/getMetadata","params":{"path":"file:///a%20","sandbox":{"permissions":{"type":"disabled"},"windowsSandboxLevel":"disabled"}}}`,
		`{"id":1,"method":"environment/info"}`,
		`{"method":"initialized"}`,
		`{"id":1,"result":{}}`,
		`not json`, "", "\xff",
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if bytes.Contains(line, []byte("\n")) || dangerous(line) {
			return
		}
		in := append([]byte(`{"id":1,"method":"initialize","params":{"clientName":"x"}}`+"\n"+`{"method":"initialized"}`+"\n"), line...)
		var out bytes.Buffer
		Serve(context.Background(), bytes.NewReader(in), &out, Options{Dir: "/"})
		for l := range bytes.Lines(out.Bytes()) {
			if !json.Valid(l) || l[len(l)-1] != '\n' {
				t.Fatalf("%q: answered %q", line, l)
			}
		}
	})
}

// dangerous keeps the fuzzer from running programs and changing files.
func dangerous(line []byte) bool {
	var m struct{ Method string }
	json.Unmarshal(line, &m)
	switch m.Method {
	case wire.MethodStart, wire.MethodWriteFile, wire.MethodCreateDirectory, wire.MethodRemove, wire.MethodCopy, wire.MethodRename:
		return true
	}
	return false
}

// FuzzStart: parameters of a start are understood or refused, and the sandbox member is
// never lost.
func FuzzStart(f *testing.F) {
	f.Add([]byte(start("p", spec{"sandbox": spec{"permissions": spec{"type": "disabled"}, "windowsSandboxLevel": "disabled"}}, "true")))
	f.Add([]byte(start("p", spec{"envPolicy": spec{"inherit": "all"}, "codexSandbox": spec{"size": spec{"rows": 1}}}, "true")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !jsonrpc.Valid(raw) {
			return
		}
		var q wire.StartParams
		if decoder.Decode(wire.MethodStart, raw, &q) != nil {
			return
		}
		c, err := (&server{opts: Options{Dir: "/"}}).newStart(&q)
		if err != nil {
			return
		}
		var v struct {
			ProcessID *string
			Argv      []string
			Sandbox   json.RawMessage
		}
		if json.Unmarshal(raw, &v) != nil {
			return // encoding/json is stricter about types it knows
		}
		if v.ProcessID == nil || len(v.Argv) == 0 || len(c.Argv) != len(v.Argv) {
			t.Fatalf("%s: taken", raw)
		}
		if v.Sandbox != nil && string(v.Sandbox) != "null" && c.sandbox == nil && bytes.Contains(raw, []byte(`"sandbox"`)) {
			t.Fatalf("%s: the sandbox was lost", raw)
		}
	})
}

// FuzzLegacy: a helper's command line gives a command with a policy, or an error.
func FuzzLegacy(f *testing.F) {
	f.Add("--sandbox-policy-cwd\x00/w\x00--permission-profile={\"type\":\"disabled\"}\x00--\x00true")
	f.Fuzz(func(t *testing.T, words string) {
		argv := []string{"/x/codex-linux-sandbox"}
		for _, w := range bytes.Split([]byte(words), []byte{0}) {
			argv = append(argv, string(w))
		}
		c, err := legacySandbox(argv, "")
		if err == nil && (c == nil || len(c.argv) == 0 || c.sandbox.profile.Type == "") {
			t.Fatalf("%q: %+v", argv, c)
		}
	})
}
