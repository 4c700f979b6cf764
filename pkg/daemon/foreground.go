//go:build unix

package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/cli/exit"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/version"
)

// leaveWithin is how long the server may take to write down what it is at.
const leaveWithin = 10 * time.Second

// foreground is codex remote-control: an app-server of this installation that listens to
// nobody but us and the relay. It leaves with us, for the end of its input tells it to.
func (d *daemon) foreground(ctx context.Context, say io.Writer) (err error) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	fmt.Fprintln(say, "Starting app-server with remote control enabled...")
	cmd := exec.Command(filepath.Join(filepath.Dir(d.p.Self), "codex-app-server"), "--remote-control")
	cmd.Env, cmd.Stderr = d.p.Env, d.p.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // ^C is for us to pass on
	cmd.WaitDelay = leaveWithin
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start app-server: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start app-server: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start app-server: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- d.follow(in, out, say) }() // ends with the server's output
	leave := func() *time.Timer {
		_ = in.Close()
		return time.AfterFunc(leaveWithin, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	}
	select {
	case err = <-ended:
		defer leave().Stop()
		_, _ = io.Copy(io.Discard, out)
	case <-ctx.Done():
		defer leave().Stop()
		<-ended
		err = exit.Silent(exit.Interrupted)
	}
	if e := cmd.Wait(); err == nil {
		err = fmt.Errorf("app-server has ended: %w", errors.Join(e, io.ErrUnexpectedEOF))
	}
	return err
}

// follow introduces us and tells what becomes of the connection, until it fails for good.
func (d *daemon) follow(in io.Writer, out io.Reader, say io.Writer) error {
	type info struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	hello := map[string]info{"clientInfo": {"codex_app_server_daemon", version.Compat}}
	if err := jsonrpc.NewWriter(in).Request(1, "initialize", hello); err != nil {
		return fmt.Errorf("ask app-server: %w", err)
	}
	lines := jsonrpc.NewReader(out, 1<<20)
	connected := false
	for {
		line, err := lines.ReadLine()
		if err != nil {
			return nil // what ended it is known to who waits for it
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
				return fmt.Errorf("Remote control is enabled on %s but the connection is %s.", host, status)
			}
		}
	}
}
