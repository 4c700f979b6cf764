//go:build linux

package mcpclient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
	"codex/tests/programs"
)

// engine is a codex-turn that is asked about servers, without any turn. Questions of servers
// are answered with an empty yes.
type engine struct {
	cmd  *exec.Cmd
	conn *jsonrpc.Conn
	in   interface{ Close() error }
	gone chan struct{}
	said bytes.Buffer // to people; read when it has ended
}

// startEngine starts one in a home whose config.toml is given.
func startEngine(bin, home, config string) (*engine, error) {
	config = "model_provider = \"none\"\n" + config + "[model_providers.none]\nname = \"none\"\ncommand = [\"false\"]\n"
	if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(config), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(bin, "codex-turn"), "--ephemeral", "-a", "on-request")
	e := &engine{cmd: cmd, gone: make(chan struct{})}
	cmd.Dir, cmd.Env, cmd.Stderr = home, environ(bin, home), &e.said
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	e.in = in
	e.conn = jsonrpc.NewConn(jsonrpc.NewWriter(in), jsonrpc.Options{Handle: func(r *jsonrpc.Request) error {
		if r.ID == nil {
			return nil
		}
		return r.Reply(json.RawMessage(`{"action":"accept","content":{}}`), nil)
	}})
	go func() { // ends with the engine
		defer close(e.gone)
		_ = e.conn.Serve(jsonrpc.NewReader(out, 0))
	}()
	return e, nil
}

func environ(bin, home string) []string {
	return []string{programs.NoKeyring, "PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + home, "CODEX_HOME=" + home, "BROWSER=" + os.Getenv("BROWSER")}
}

func (e *engine) ask(method, params string) (answer gjson.Result, err error) {
	err = e.conn.Call(context.Background(), method, json.RawMessage(params), func(raw json.RawMessage) error {
		answer = gjson.ParseBytes(bytes.Clone(raw))
		return nil
	})
	return answer, err
}

// call calls a tool of a server.
func (e *engine) call(server, tool, arguments string) (gjson.Result, error) {
	return e.ask("mcpServer/tool/call", fmt.Sprintf(`{"server":%q,"tool":%q,"arguments":%s}`, server, tool, arguments))
}

func (e *engine) close() error {
	e.in.Close()
	<-e.gone
	return e.cmd.Wait()
}
