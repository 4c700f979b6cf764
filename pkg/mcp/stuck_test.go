//go:build unix

package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestUnreadInput holds that a program that stops reading costs a call its time and no more,
// and can be ended.
func TestUnreadInput(t *testing.T) {
	const program = `read -r line; printf '{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}}\n' \
"$(printf %s "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')"; exec sleep 1000`
	c, err := Connect(context.Background(), Server{Name: "s", Command: "sh", Args: []string{"-c", program}, Startup: time.Minute, Call: 100 * time.Millisecond},
		Options{Environ: []string{"PATH=/bin:/usr/bin"}})
	if err != nil {
		t.Fatal(err)
	}
	args, err := json.Marshal(map[string]string{"a": strings.Repeat("x", 1<<20)})
	if err != nil {
		t.Fatal(err)
	}
	var timeout *TimeoutError
	for range 2 {
		if _, err := c.Call(context.Background(), Call{Tool: "t", Arguments: args}); !errors.As(err, &timeout) {
			t.Fatal(err)
		}
	}
	c.Close()
}

// TestGuessedAnswers holds that a program that answers what it has not been asked yet harms
// nobody.
func TestGuessedAnswers(t *testing.T) {
	const program = `read -r line; printf '{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}}\n' \
"$(printf %s "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')"
guesses=$(for i in $(seq 1000000000 1000000099); do echo '{"jsonrpc":"2.0","id":'$i',"result":{"content":[]}}'; done)
exec yes "$guesses"`
	c, err := Connect(context.Background(), Server{Name: "s", Command: "sh", Args: []string{"-c", program}, Startup: time.Minute, Call: time.Minute},
		Options{Environ: []string{"PATH=/bin:/usr/bin"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 100 {
		if raw, err := c.Call(context.Background(), Call{Tool: "t"}); err != nil || string(raw) != `{"content":[]}` {
			t.Fatalf("%s %v", raw, err)
		}
	}
}

// TestSlowRestart holds that a call waits for a server that another call starts anew no longer
// than it may.
func TestSlowRestart(t *testing.T) {
	const program = `read -r line; printf '{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}}\n' \
"$(printf %s "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')"; read -r line`
	c, err := Connect(context.Background(), Server{Name: "s", Command: "sh", Args: []string{"-c", program}, Startup: time.Minute, Call: 100 * time.Millisecond},
		Options{Environ: []string{"PATH=/bin:/usr/bin"}})
	if err != nil {
		t.Fatal(err)
	}
	<-c.session.over         // it leaves after the handshake
	c.starting <- struct{}{} // as the other call does
	var timeout *TimeoutError
	if _, err := c.Call(context.Background(), Call{Tool: "t"}); !errors.As(err, &timeout) {
		t.Error(err)
	}
	<-c.starting
	c.Close()
	if _, err := c.Call(context.Background(), Call{Tool: "t"}); !errors.Is(err, errClosed) {
		t.Error(err)
	}
}
