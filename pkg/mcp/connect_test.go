package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"net/http"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// server is the program that tests start: this test binary, told by a variable.
const roleVariable = "MCP_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		serveLines(role)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func testServer() *sdk.Server {
	s := sdk.NewServer(&sdk.Implementation{Name: "test", Version: "1"}, &sdk.ServerOptions{Instructions: "be kind"})
	schema := json.RawMessage(`{"type":"object","properties":{"z":{"type":"string"},"a":{"type":"integer"}}}`)
	s.AddTool(&sdk.Tool{Name: "echo", InputSchema: schema}, func(_ context.Context, r *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
		return &sdk.CallToolResult{StructuredContent: json.RawMessage(`{"z":1,"a":` + string(r.Params.Arguments) + `}`)}, nil
	})
	s.AddTool(&sdk.Tool{Name: "ask", InputSchema: schema}, func(ctx context.Context, r *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
		e, err := r.Session.Elicit(ctx, &sdk.ElicitParams{Message: "who?", RequestedSchema: json.RawMessage(`{"type":"object","properties":{"n":{"type":"string"}}}`)})
		if err != nil {
			return nil, err
		}
		return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: e.Action}}}, nil
	})
	s.AddTool(&sdk.Tool{Name: "wait", InputSchema: schema}, func(ctx context.Context, r *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	return s
}

// serveLines is a program on stdio. Roles add what programs do wrong.
func serveLines(role string) {
	switch role {
	case "banner":
		os.Stdout.WriteString("hello\n\n{\"x\":1}\n")
		for id := range 9 { // of a log, which names requests
			fmt.Printf("{\"level\":\"info\",\"id\":%d,\"name\":\"request\"}\n", id)
		}
	case "stray":
		for {
			if _, err := os.Stdout.WriteString("no message\n"); err != nil {
				return
			}
		}
	case "endless":
		for b := []byte(strings.Repeat("x", 1<<20)); ; {
			if _, err := os.Stdout.Write(b); err != nil {
				return
			}
		}
	case "gone":
		return
	case "silent":
		select {}
	}
	_ = testServer().Run(context.Background(), &sdk.StdioTransport{})
}

func program(t *testing.T, role string) Server {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Server{Name: "s", Command: exe, Args: []string{"-test.run=^$"}, EnvVars: []string{roleVariable}, Startup: time.Minute, Call: time.Minute}
}

func env(role string) []string { return []string{roleVariable + "=" + role} }

func TestPrograms(t *testing.T) {
	ctx := context.Background()
	for _, role := range []string{"plain", "banner"} {
		c, err := Connect(ctx, program(t, role), Options{Environ: env(role)})
		if err != nil {
			t.Fatal(role, err)
		}
		m, err := c.Manifest(ctx)
		if err != nil || len(m.Tools) != 3 || m.Instructions != "be kind" {
			t.Fatal(role, m, err)
		}
		raw, err := c.Call(ctx, Call{Tool: "echo", Arguments: json.RawMessage(`{"a":123456789012345678}`)})
		if err != nil || !strings.Contains(string(raw), `{"z":1,"a":{"a":123456789012345678}}`) {
			t.Errorf("%s: %s %v", role, raw, err)
		}
		c.Close()
		if _, err := c.Call(ctx, Call{Tool: "echo"}); err == nil {
			t.Error("a closed client answers")
		}
	}
	for role, want := range map[string]string{
		"stray":   "10000 lines that are no messages",
		"endless": "more than 32 MiB",
		"gone":    "connection closed: initialize response",
	} {
		c, err := Connect(ctx, program(t, role), Options{Environ: env(role)})
		if err == nil {
			c.Close()
			t.Fatal(role, "is ready")
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", role, err)
		}
	}
}

func TestNoProgram(t *testing.T) {
	_, err := Connect(context.Background(), Server{Name: "s", Command: "no-such-program-anywhere", Startup: time.Minute}, Options{})
	if err == nil || err.Error() != "No such file or directory (os error 2)" {
		t.Fatal(err)
	}
}

func TestTimes(t *testing.T) {
	s := program(t, "silent")
	s.Startup = time.Millisecond
	_, err := Connect(context.Background(), s, Options{Environ: env("silent")})
	var late *TimeoutError
	if !errors.As(err, &late) || err.Error() != "timed out handshaking with MCP server after 1ms" {
		t.Fatal(err)
	}
	s = program(t, "plain")
	s.Call = 10 * time.Millisecond
	c, err := Connect(context.Background(), s, Options{Environ: env("plain")})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err = c.Call(context.Background(), Call{Tool: "wait"}); err == nil || Message(err) != "timed out awaiting tools/call after 10ms" {
		t.Fatal(err)
	}
}

func TestElicit(t *testing.T) {
	for _, address := range []bool{false, true} {
		s := program(t, "plain")
		if address {
			h := httptest.NewServer(sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return testServer() }, nil))
			defer h.Close()
			s = Server{Name: "s", URL: h.URL, Startup: time.Minute, Call: time.Minute}
		}
		var asked json.RawMessage
		c, err := Connect(context.Background(), s, Options{Environ: env("plain"), Elicit: func(_ context.Context, p json.RawMessage) (json.RawMessage, error) {
			asked = p
			return json.RawMessage(`{"action":"decline"}`), nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		raw, err := c.Call(context.Background(), Call{Tool: "ask"})
		if err != nil || !strings.Contains(string(raw), `"decline"`) || !strings.Contains(string(asked), `"who?"`) {
			t.Errorf("%v: %s %v; asked %s", address, raw, err, asked)
		}
		raw, err = c.Call(context.Background(), Call{Tool: "echo", Arguments: json.RawMessage(`{"a":123456789012345678}`)})
		if err != nil || !strings.Contains(string(raw), `{"z":1,"a":{"a":123456789012345678}}`) {
			t.Errorf("%v: %s %v", address, raw, err)
		}
	}
}

// The last words of a program need no end of a line.
func TestLastWords(t *testing.T) {
	said := make(chan string, 8)
	_, err := Connect(t.Context(), Server{Name: "s", Command: "sh", Args: []string{"-c", "echo one >&2; printf two >&2"}, Startup: time.Minute},
		Options{Environ: os.Environ(), Log: func(line string) { said <- line }})
	if err == nil {
		t.Fatal("it is a server")
	}
	if one, two := <-said, <-said; one != "s: one" || two != "s: two" {
		t.Error(one, two)
	}
}
