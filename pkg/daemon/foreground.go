//go:build unix

package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/install"
	"codex/pkg/cli/pipeline"
	"codex/pkg/cli/version"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// leaveWithin is how long the server may take to write down what it is at, and then once
// more when it has been sent SIGTERM.
const leaveWithin = 5 * time.Second

// foreground is codex remote-control: an app-server of this installation that listens to
// nobody but us and the relay. It leaves with us, for the end of its input tells it to.
func (d *daemon) foreground(ctx context.Context, say io.Writer) (err error) {
	path, err := install.Beside(d.p.Self, "app-server")
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup(1)
		signal.Notify(signals, syscall.SIGHUP)
	}
	defer signal.Stop(signals)
	fmt.Fprintln(say, "Starting app-server with remote control enabled...")
	server, err := pipeline.Start(pipeline.Spec{
		Engine: pipeline.Command{Name: "codex-app-server", Path: path, Args: []string{"--remote-control"}},
		Env:    d.p.Env,
	})
	if err != nil {
		return err
	}
	var reader sync.WaitGroup
	ended := make(chan error, 1)
	reader.Go(func() { ended <- follow(server.In, server.Out, say) }) // ends with the server's output
	select {
	case err = <-ended:
	case s := <-signals:
		err = exit.Silent(128 + int(s.(syscall.Signal)))
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	exits := server.Wait(leaveWithin)
	reader.Wait()
	if errors.Is(err, io.EOF) {
		err = errors.New(pipeline.Blame(exits))
	}
	return err
}

// follow introduces us and tells what becomes of the connection, until it fails for good.
// It is io.EOF when the server leaves.
func follow(in io.Writer, out io.Reader, say io.Writer) error {
	type info struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	hello := map[string]info{"clientInfo": {"codex_app_server_daemon", version.Compat}}
	if err := jsonrpc.NewWriter(in).Request(1, "initialize", hello); err != nil && !errors.Is(err, syscall.EPIPE) {
		return fmt.Errorf("ask app-server: %w", err) // whether it has gone is seen below
	}
	lines := jsonrpc.NewReader(out, 1<<20)
	connected := false
	for {
		line, err := lines.ReadLine()
		if errors.Is(err, jsonrpc.ErrTooLong) {
			continue // what we wait for is short
		}
		if err != nil {
			return err
		}
		v := gjson.ParseBytes(line)
		if v.Get("method").Str != protocol.NoteRemoteControlStatusChanged {
			continue
		}
		host := v.Get("params.serverName").Str
		switch status := v.Get("params.status").Str; protocol.RemoteControlConnectionStatus(status) {
		case protocol.RemoteControlConnectionStatusConnecting:
		case protocol.RemoteControlConnectionStatusConnected:
			if !connected {
				fmt.Fprintf(say, "Remote control is connected on %s.\n", host)
			}
			connected = true
		default:
			if !connected { // later the server tries again by itself
				return errNoConnection(host, status)
			}
		}
	}
}
