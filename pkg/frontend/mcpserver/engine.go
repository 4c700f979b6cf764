package mcpserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"codex/pkg/cli/pipeline"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// maxPending bounds requests to an engine without an answer.
const maxPending = 64

// errEnded is returned when an engine's lines stop.
var errEnded = errors.New("the engine ended")

// engine is the process of one thread.
type engine struct {
	pipe *pipeline.Pipeline
	conn *jsonrpc.Conn
	done chan struct{} // its lines have ended
}

// startEngine starts an engine that tells handle what it has to say, in its own goroutine,
// and says hello.
func startEngine(ctx context.Context, spec pipeline.Spec, client protocol.ClientInfo, stderr io.Writer, handle func(*jsonrpc.Request) error) (*engine, error) {
	pipe, err := pipeline.Start(spec)
	if err != nil {
		return nil, err
	}
	e := &engine{pipe: pipe, done: make(chan struct{})}
	e.conn = jsonrpc.NewConn(jsonrpc.NewWriter(pipe.In), jsonrpc.Options{FirstID: 1, MaxCalls: maxPending, Handle: handle,
		Lost: func(error) error { return errEnded },
		Bad: func(line []byte, err error) error {
			fmt.Fprintf(stderr, "codex-mcp: passed over a line of an engine (%v): %.80q\n", err, line)
			return nil
		}})
	go func() {
		defer close(e.done)
		if err := e.conn.Serve(jsonrpc.NewReader(pipe.Out, 0)); err != nil && !errors.Is(err, errEnded) && !errors.Is(err, os.ErrClosed) {
			fmt.Fprintf(stderr, "codex-mcp: %v\n", err)
		}
	}()
	if err := e.conn.Call(ctx, protocol.MethodInitialize, protocol.InitializeParams{ClientInfo: client,
		Capabilities: &protocol.InitializeCapabilities{OptOutNotificationMethods: []string{protocol.NoteThreadGoalUpdated}}}, nil); err != nil {
		return nil, e.why(err)
	}
	if err := e.conn.Notify(protocol.NoteInitialized, nil); err != nil {
		return nil, e.why(err)
	}
	return e, nil
}

// alive says whether the engine still speaks.
func (e *engine) alive() bool {
	select {
	case <-e.done:
		return false
	default:
		return true
	}
}

// stop lets the engine leave, in good order if it does so in time.
func (e *engine) stop(grace time.Duration) []pipeline.Exit { return e.pipe.Wait(grace) }

// why turns the end of the engine's lines into words that say how it ended.
func (e *engine) why(err error) error {
	if !errors.Is(err, errEnded) {
		e.pipe.Terminate()
		e.stop(grace)
		return err
	}
	return errors.New(pipeline.Blame(e.stop(grace)) + " before the turn was over")
}
