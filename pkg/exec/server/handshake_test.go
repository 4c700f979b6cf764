package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

func TestHandshake(t *testing.T) {
	c := connect(t, Options{})
	start := `{"processId":"a","argv":["true"],"cwd":"/","env":{},"tty":false}`
	c.fails("process/start", start, -32600, "client must call initialize before using exec methods")
	c.fails("fs/readFile", `{"path":"/etc/hostname"}`, -32600, "client must call initialize before using filesystem methods")
	c.fails("initialize", `{}`, -32602, "missing field `clientName`")
	c.fails("initialize", `{"clientName":7}`, -32602, "invalid type: integer `7`, expected a string")
	c.fails("initialize", `{"clientName":"x","resumeSessionId":"nope"}`, -32600, "unknown session id nope")
	r := c.ok("initialize", `{"clientName":"x","resumeSessionId":null,"extra":1}`)
	if len(r.Get("sessionId").Str) != 36 || !r.Get(`environmentInfo.capabilities.codexSandbox/resize`).Bool() {
		t.Errorf("initialize: %s", r.Raw)
	}
	c.fails("process/read", `{"processId":"a"}`, -32600, "client must send initialized before using exec methods")
	c.fails("initialize", `{"clientName":"x"}`, -32600, "initialize may only be sent once per connection")
	c.send(`{"method":"initialized"}`)
	c.fails("process/read", `{"processId":"a"}`, -32600, "unknown process id a")
	c.send(`{"method":"initialized","params":{}}`)
	for line, want := range map[string]string{
		"not json":   "failed to parse JSON-RPC message from exec-server stdio: ",
		`{"id":5}`:   "failed to parse",
		`["foo",3]`:  "failed to parse",
		`{"id":5,"x`: "failed to parse",
	} {
		c.send(line)
		if m := c.next(); m.Get("id").Raw != "-1" || m.Get("error.code").Int() != -32600 || !strings.Contains(m.Get("error.message").Str, want) {
			t.Errorf("%s: %s", line, m.Raw)
		}
	}
	c.send("")
	c.send("  \t")
	c.fails("no/such", `{}`, -32601, "exec-server stub does not implement `no/such` yet")
	c.fails("http/request", `{}`, -32601, "does not implement")
	c.send(`{"jsonrpc":"2.0","id":"s1","method":"process/terminate","params":{"processId":"zz"}}`)
	if m := c.next(); m.Raw != `{"id":"s1","result":{"running":false}}`+"\n" && strings.TrimSpace(m.Raw) != `{"id":"s1","result":{"running":false}}` {
		t.Errorf("string id: %s", m.Raw)
	}
	if got := c.ok("environment/status", `{}`).Raw; got != `{"status":"ready"}` {
		t.Errorf("status: %s", got)
	}
	if !c.ok("environment/info", "null").Get("cwd").Exists() {
		t.Error("no environment info")
	}
	if err := c.end(); err != nil {
		t.Errorf("end: %v", err)
	}
}

// What no client says ends the connection, at once and without an error line.
func TestViolations(t *testing.T) {
	const hello = `{"id":1,"method":"initialize","params":{"clientName":"x"}}` + "\n"
	for name, in := range map[string]string{
		"unknown notification": hello + `{"method":"foo"}` + "\n",
		"initialized first":    `{"method":"initialized"}` + "\n",
		"a response":           hello + `{"id":7,"result":{}}` + "\n",
		"an error":             hello + `{"id":7,"error":{"code":1,"message":"m"}}` + "\n",
		"bad utf-8":            hello + "{\"id\":2,\"method\":\"\xff\"}\n",
		"null id":              hello + `{"id":null,"method":"process/terminate","params":{"processId":"zz"}}` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			inR, inW := io.Pipe() // stays open: the end is the server's own doing
			go io.WriteString(inW, in)
			defer inW.Close()
			var out bytes.Buffer
			err := Serve(context.Background(), inR, &out, Options{})
			if !errors.Is(err, errProtocol) {
				t.Errorf("got %v", err)
			}
			if strings.Contains(out.String(), "error") {
				t.Errorf("said %s", out.String())
			}
		})
	}
}

// A script that is piped in whole gets every answer.
func TestScript(t *testing.T) {
	var in strings.Builder
	in.WriteString(`{"id":1,"method":"initialize","params":{"clientName":"x"}}` + "\n" + `{"method":"initialized"}` + "\n")
	in.WriteString(`{"id":2,"method":"process/start","params":` + start("p", nil, "sleep", "100") + "}\n")
	in.WriteString(`{"id":3,"method":"process/read","params":{"processId":"p","waitMs":100000}}` + "\n")
	in.WriteString(`{"id":4,"method":"fs/getMetadata","params":{"path":"/"}}` + "\n")
	in.WriteString(`{"id":5,"method":"process/write","params":{"processId":"p","chunk":""}}` + "\n")
	in.WriteString(`{"id":6,"method":"process/terminate","params":{"processId":"p"}}`) // no newline
	var out bytes.Buffer
	if err := Serve(context.Background(), strings.NewReader(in.String()), &out, Options{}); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		m := gjson.Parse(line)
		got[m.Get("id").Raw+m.Get("method").Str] = true
	}
	for _, want := range []string{"1", "2", "3", "4", "5", "6", "process/exited", "process/closed"} {
		if !got[want] {
			t.Errorf("no %s in\n%s", want, out.String())
		}
	}
}

func TestCommandLine(t *testing.T) {
	for _, test := range []struct {
		args string
		code int
		want string
	}{
		{"", 0, ""},
		{"--listen stdio", 0, ""},
		{"--listen=stdio://", 0, ""},
		{"--help", 0, "Usage:"},
		{"--listen http://x", 1, "unsupported --listen URL `http://x`; expected `ws://IP:PORT` or `stdio`"},
		{"--listen ws://localhost", 1, "only `stdio` is served"},
		{"--listen ws://127.0.0.1:0", 1, "only `stdio` is served"},
		{"--listen", 2, "a value is required"},
		{"-ca=b -c a=b --config=a=b --enable x --strict-config --version", 0, "codex"},
		{"-ca=b --disable", 2, "a value is required for '--disable'"},
		{"--ws-shared-secret=s3cret", 2, "error: --ws-shared-secret is not part of this version"},
		{"--remote x", 2, "--remote is not part of this version: an executor serves the pipe"},
	} {
		var out bytes.Buffer
		code := Main(strings.Fields(test.args), Streams{strings.NewReader(""), &out, &out}, Options{})
		if code != test.code || !strings.Contains(out.String(), test.want) {
			t.Errorf("%q: %d %q", test.args, code, out.String())
		}
	}
}
