//go:build unix

package appserver

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"codex/tests/programs"
)

// desk is a home with a model, and a folder to work in.
type desk struct {
	t          *testing.T
	home, work string
	log        string // of the model served over HTTP
}

// scripted is a desk whose model follows a script.
func scripted(t *testing.T, model, script string) *desk {
	t.Helper()
	d := empty(t)
	file := filepath.Join(filepath.Dir(d.home), "script.jsonl")
	write(t, file, script)
	d.config(model, fmt.Sprintf("command = [%q, \"replay\", %q]\n", filepath.Join(binaries, "codex-model"), file))
	return d
}

// served is a desk whose model is reached over HTTP, where an answer can have a status.
func served(t *testing.T, model, script string) *desk {
	t.Helper()
	d := empty(t)
	file := filepath.Join(filepath.Dir(d.home), "script.jsonl")
	write(t, file, script)
	d.log = file + ".log"
	d.config(model, fmt.Sprintf("base_url = %q\n", programs.ServeModel(t, binaries, "--global", "--log", d.log, file)))
	return d
}

func empty(t *testing.T) *desk {
	t.Helper()
	root := programs.ShortDir(t)
	d := &desk{t: t, home: filepath.Join(root, "home"), work: filepath.Join(root, "work")}
	for _, dir := range []string{d.home, d.work, filepath.Join(d.work, ".git")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func (d *desk) config(model, provider string) {
	write(d.t, filepath.Join(d.home, "config.toml"), fmt.Sprintf("model = %q\nmodel_provider = \"mock\"\n[model_providers.mock]\nname = \"mock\"\n%srequest_max_retries = 0\nstream_max_retries = 0\n", model, provider))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// command is the server, not started.
func (d *desk) command(args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(binaries, "codex-app-server"), args...)
	cmd.Dir = d.work
	cmd.Env = append(programs.Environ(), "PATH="+binaries+":"+os.Getenv("PATH"), "HOME="+d.home, "CODEX_HOME="+d.home, "TERM=xterm", "TZ=UTC")
	cmd.Stderr = os.Stderr
	return cmd
}

// client is a running server and its client on stdio.
type client struct {
	*desk
	*wire
	cmd *exec.Cmd
	in  io.WriteCloser
}

// start runs the server in a home with a scripted model.
func start(t *testing.T, model, script string, args ...string) *client {
	t.Helper()
	return scripted(t, model, script).stdio(args...)
}

// stdio starts the server for one client.
func (d *desk) stdio(args ...string) *client {
	d.t.Helper()
	return d.run(d.command(args...))
}

func (d *desk) run(cmd *exec.Cmd) *client {
	d.t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	w := &wire{t: d.t, lines: make(chan string, 10000), sent: map[string]string{}}
	w.put = func(line string) error {
		_, err := io.WriteString(in, line+"\n")
		return err
	}
	go func() { // ends with the server's output
		defer close(w.lines)
		r := bufio.NewReader(out)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			w.lines <- line
		}
	}()
	d.t.Cleanup(func() {
		in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return &client{desk: d, wire: w, cmd: cmd, in: in}
}

// leave ends the input and gives the status of the server.
func (c *client) leave() int {
	c.wire.t.Helper()
	c.in.Close()
	c.drain()
	_ = c.cmd.Wait()
	return c.cmd.ProcessState.ExitCode()
}

// unix starts a server on the control socket, and waits until it listens.
func (d *desk) unix(args ...string) (*exec.Cmd, string) {
	d.t.Helper()
	cmd := d.command(append([]string{"--listen", "unix://"}, args...)...)
	d.listen(cmd)
	return cmd, filepath.Join(d.home, "app-server-control", "app-server-control.sock")
}

// listen starts a socket server and gives what it says of its address.
func (d *desk) listen(cmd *exec.Cmd) string {
	d.t.Helper()
	cmd.Stderr = nil
	out, err := cmd.StderrPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	r := bufio.NewReader(out)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			d.t.Fatalf("the server does not listen: %s%v", line, err)
		}
		if _, at, ok := strings.Cut(line, "listening on: "); ok {
			go func() { _, _ = io.Copy(io.Discard, r) }() // ends with the server
			return strings.TrimSpace(at)
		}
	}
}

// peer is a client on a websocket.
type peer struct {
	*wire
	c *websocket.Conn
}

// dial connects to a unix socket.
func dial(t *testing.T, sock string) *peer {
	t.Helper()
	hc := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", sock)
	}}}
	return upgrade(t, "ws://localhost/", &websocket.DialOptions{HTTPClient: hc})
}

func upgrade(t *testing.T, url string, o *websocket.DialOptions) *peer {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, _, err := websocket.Dial(ctx, url, o)
	if err != nil {
		t.Fatal(err)
	}
	c.SetReadLimit(256 << 20)
	w := &wire{t: t, lines: make(chan string, 10000), sent: map[string]string{}}
	w.put = func(line string) error {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		return c.Write(ctx, websocket.MessageText, []byte(line))
	}
	go func() { // ends with the connection
		defer close(w.lines)
		for {
			_, b, err := c.Read(context.Background())
			if err != nil {
				return
			}
			w.lines <- string(b)
		}
	}()
	t.Cleanup(func() { c.CloseNow() })
	return &peer{w, c}
}

// connect dials and initializes.
func connect(t *testing.T, sock string) *peer {
	t.Helper()
	p := dial(t, sock)
	p.initialize()
	return p
}
