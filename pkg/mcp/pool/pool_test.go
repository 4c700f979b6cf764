//go:build unix

package pool

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/mcp"
	"codex/pkg/mcp/wire"
)

// program is a server that notes its start, asks a question when it is called, and answers
// with what it was told.
const program = `echo $$ >>"$0.starts"
while read -r line; do
	id=$(printf %s "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
	answer() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
	case $line in
	*'"initialize"'*) answer '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}' ;;
	*'"tools/list"'*) answer '{"tools":[{"name":"t","inputSchema":{"type":"object"}}]}' ;;
	*'"tools/call"'*'"hang"'*) ;;
	*'"tools/call"'*'"flood"'*)
		token=$(printf %s "$line" | sed -n 's/.*"progressToken":\([0-9]*\).*/\1/p')
		message=$(printf '%01000d' 0)
		for i in $(seq 1000); do
			printf '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":%s,"progress":%s,"message":"%s"}}\n' "$token" "$i" "$message"
		done
		answer '{"content":[]}' ;;
	*'"tools/call"'*'"quick"'*) answer '{"content":[]}' ;;
	*'"tools/call"'*) call=$id; printf '{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{"message":"who?","requestedSchema":{"type":"object","properties":{}}}}\n' ;;
	*'"id":"q"'*) id=$call; answer "{\"content\":[{\"type\":\"text\",\"text\":\"$(printf %s "$line" | sed 's/.*"action":"\([a-z]*\)".*/\1/')\"}]}" ;;
	esac
done
`

// engine is one that says its name to every question.
func engine(t *testing.T, p *Pool, action string) *jsonrpc.Conn {
	ours, theirs := net.Pipe()
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = p.Serve(theirs, theirs)
		theirs.Close()
	}()
	conn := jsonrpc.NewConn(jsonrpc.NewWriter(ours), jsonrpc.Options{Handle: func(r *jsonrpc.Request) error {
		if r.ID != nil {
			go func() { _ = r.Reply(json.RawMessage(`{"action":"`+action+`"}`), nil) }()
		}
		return nil
	}})
	go func() { _ = conn.Serve(jsonrpc.NewReader(ours, 0)) }()
	t.Cleanup(func() { ours.Close(); <-served })
	return conn
}

func TestSharedServer(t *testing.T) {
	script := filepath.Join(t.TempDir(), "server.sh")
	if err := os.WriteFile(script, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	p := New(Options{Options: mcp.Options{Environ: os.Environ()}, Idle: time.Hour})
	defer p.Close()
	server := config.MCPServer{Name: "s", Command: "sh", Args: []string{script}, Startup: time.Minute, Call: time.Minute}
	ctx := context.Background()
	conns := []*jsonrpc.Conn{engine(t, p, "decline"), engine(t, p, "cancel")}
	for i, want := range []string{"decline", "cancel"} { // each is asked about its own call
		var m wire.Manifest
		if err := conns[i].Call(ctx, wire.MethodStart, wire.StartParams{Server: server, Elicits: true}, &m); err != nil || len(m.Tools) != 1 {
			t.Fatal(m, err)
		}
		var result json.RawMessage
		if err := conns[i].Call(ctx, wire.MethodCall, wire.CallParams{Name: "s", Call: 1, Tool: "t"}, &result); err != nil || !strings.Contains(string(result), want) {
			t.Errorf("%s: %s %v", want, result, err)
		}
	}
	if b, err := os.ReadFile(script + ".starts"); err != nil || strings.Count(string(b), "\n") != 1 {
		t.Errorf("starts: %s %v", b, err)
	}
	call, err := conns[0].Start(wire.MethodCall, wire.CallParams{Name: "s", Call: 2, Tool: "t", Arguments: json.RawMessage(`{"x":"hang"}`)}, func(json.RawMessage, error) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := conns[0].Notify(wire.MethodCancel, wire.CancelParams{Call: 2}); err != nil {
		t.Fatal(err)
	}
	<-call.Done()
	if err := conns[0].Call(ctx, wire.MethodCall, wire.CallParams{Name: "other", Call: 3, Tool: "t"}, nil); err == nil {
		t.Error("a server that nobody started answers")
	}
	bad := server
	bad.Name, bad.Command = "bad", "no-such-program"
	if err := conns[0].Call(ctx, wire.MethodStart, wire.StartParams{Server: bad}, nil); err == nil || err.Error() != "No such file or directory (os error 2)" {
		t.Error(err)
	}
}

// TestDeafEngine holds that an engine that reads nothing keeps a server that tells much from
// nobody else.
func TestDeafEngine(t *testing.T) {
	script := filepath.Join(t.TempDir(), "server.sh")
	if err := os.WriteFile(script, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	p := New(Options{Options: mcp.Options{Environ: os.Environ()}, Idle: time.Hour})
	defer p.Close()
	server := config.MCPServer{Name: "s", Command: "sh", Args: []string{script}, Startup: time.Minute, Call: time.Minute}
	deaf, theirs := net.Pipe()
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = p.Serve(theirs, theirs)
	}()
	defer func() { deaf.Close(); <-served }()
	out, in := jsonrpc.NewWriter(deaf), jsonrpc.NewReader(deaf, 0)
	if err := out.Request(1, wire.MethodStart, wire.StartParams{Server: server, Elicits: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := in.ReadLine(); err != nil {
		t.Fatal(err)
	}
	if err := out.Request(2, wire.MethodCall, wire.CallParams{Name: "s", Call: 1, Tool: "t", Arguments: json.RawMessage(`{"x":"flood"}`)}); err != nil {
		t.Fatal(err)
	}
	if _, err := in.ReadLine(); err != nil { // it has begun; no more is read
		t.Fatal(err)
	}
	other, ctx := engine(t, p, "decline"), context.Background()
	if err := other.Call(ctx, wire.MethodStart, wire.StartParams{Server: server, Elicits: true}, nil); err != nil {
		t.Fatal(err)
	}
	if err := other.Call(ctx, wire.MethodCall, wire.CallParams{Name: "s", Call: 1, Tool: "t", Arguments: json.RawMessage(`{"x":"quick"}`)}, nil); err != nil {
		t.Error(err)
	}
}
