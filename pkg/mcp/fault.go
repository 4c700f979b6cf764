package mcp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"codex/pkg/ostext"
)

// WireError is an error that the server answered.
type WireError = jsonrpc.Error

var errClosed = errors.New("Transport closed")

// codeRejected is that of errors of the library's own, for requests that were never sent.
const codeRejected = -32005

// answered gives the error that the server answered, nil for one of another kind.
func answered(err error) *WireError {
	var rpc *WireError
	if !errors.As(err, &rpc) || rpc.Code == codeRejected && strings.Contains(rpc.Message, "rejected by transport") {
		return nil
	}
	return rpc
}

// TimeoutError is the end of a server's time.
type TimeoutError struct {
	What string
	Time time.Duration
}

func (e *TimeoutError) Error() string { return fmt.Sprintf("timed out %s after %s", e.What, e.Time) }

// Timeout says that it is one, as errors of the system do.
func (e *TimeoutError) Timeout() bool { return true }

// StartError is a program that could not be started.
type StartError struct{ Err error }

func (e *StartError) Error() string {
	if errors.Is(e.Err, exec.ErrNotFound) {
		return "No such file or directory (os error 2)"
	}
	return ostext.Of(e.Err)
}

func (e *StartError) Unwrap() error { return e.Err }

// diedError is the end of a program that has not answered yet.
type diedError struct {
	error
	how string
}

func (e *diedError) Unwrap() error { return e.error }

// HandshakeError is a server that is there, but did not become ready.
type HandshakeError struct{ Err error }

func (e *HandshakeError) Error() string { return shorten(e.words()) }

func (e *HandshakeError) words() string {
	var start *StartError
	var login *LoginError
	rpc := answered(e.Err)
	switch {
	case errors.As(e.Err, &start):
		return start.Error()
	case errors.As(e.Err, &login):
		return login.Error()
	case rpc != nil:
		return fmt.Sprintf("handshaking with MCP server failed: JSON-RPC error: %d: %s", rpc.Code, rpc.Message)
	case gone(e.Err):
		const text = "handshaking with MCP server failed: connection closed: initialize response"
		if died := (*diedError)(nil); errors.As(e.Err, &died) && died.how != "" {
			return text + " (" + died.how + ")"
		}
		return text
	}
	return "handshaking with MCP server failed: " + e.Err.Error()
}

func (e *HandshakeError) Unwrap() error { return e.Err }

// maxWords bounds an error: a server may say as much as it likes, and people, models and
// recordings get it.
const maxWords = 8 << 10

func shorten(words string) string {
	if len(words) <= maxWords {
		return words
	}
	return strings.ToValidUTF8(words[:maxWords], "") + "…"
}

// Message is an error of a request in the original's words.
func Message(err error) string { return shorten(words(err)) }

func words(err error) string {
	rpc := answered(err)
	var timeout *TimeoutError
	var handshake *HandshakeError
	var login *LoginError
	switch {
	case errors.As(err, &login):
		return login.Error()
	case errors.As(err, &handshake):
		return handshake.Error()
	case errors.As(err, &timeout):
		return timeout.Error()
	case rpc != nil:
		text := fmt.Sprintf("Mcp error: %d: %s", rpc.Code, rpc.Message)
		if len(rpc.Data) > 0 && string(rpc.Data) != "null" {
			var data bytes.Buffer
			if json.Compact(&data, rpc.Data) == nil {
				text += "(" + data.String() + ")"
			}
		}
		return text
	case gone(err), errors.Is(err, errTooLong):
		return closedWhy(err)
	}
	return err.Error()
}

// gone says whether the other end has closed the connection.
func gone(err error) bool { return errors.Is(err, sdk.ErrConnectionClosed) || errors.Is(err, io.EOF) }

// closedWhy says that the server has gone, and why where that is known.
func closedWhy(err error) string {
	if _, why, ok := strings.Cut(err.Error(), "it sent "); ok {
		return "Transport closed: it sent " + why
	}
	return "Transport closed"
}

// LoginError is a server that wants a login, or one for more than the one at hand is for.
type LoginError struct {
	Server string
	Scopes []string // for more: all that are to be asked for
}

func (e *LoginError) Error() string {
	if e.Scopes == nil {
		return fmt.Sprintf("The %s MCP server is not logged in. Run `codex mcp login %s`.", e.Server, e.Server)
	}
	return fmt.Sprintf("The %s MCP server wants a login for more scopes. Run `codex mcp login %s --scopes %s`.", e.Server, e.Server, strings.Join(e.Scopes, ","))
}
