package responses

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
)

// TestMain lets the test binary play the model command.
func TestMain(m *testing.M) {
	if role := os.Getenv("RESPONSES_TEST_ROLE"); role != "" {
		os.Exit(command(role))
	}
	os.Exit(m.Run())
}

func command(role string) int {
	in, _ := io.ReadAll(os.Stdin)
	switch role {
	case "ok":
		fmt.Println("starting up")
		fmt.Println(`{"type":"codex.response.metadata","headers":{"openai-model":"m2"}}`)
		fmt.Printf("{\"type\":\"a.b\",\"lines\":%d,\"got\":%s}\n", strings.Count(string(in), "\n"), strings.TrimSpace(string(in)))
		fmt.Println("data: " + completed)
		fmt.Println(`{"type":"after"}`)
	case "fail":
		fmt.Println(msgDone)
		fmt.Fprintln(os.Stderr, strings.Repeat("x", 8000)+"\nno model today")
		return 3
	case "quiet":
	case "absent": // as of a shell whose command is not there
		return 127
	case "says":
		fmt.Println("no license")
		return 4
	case "429":
		fmt.Println(`{"type":"error","status":429,"headers":{"x-request-id":"q"},"error":{"message":"slow"}}`)
	case "500":
		fmt.Println(`{"type":"error","status":500}`)
	case "hang":
		fmt.Println(msgDone)
		select {}
	case "linger":
		fmt.Println(completed)
		select {}
	}
	return 0
}

func commandClient(t *testing.T, role string, opts ...Option) *Client {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := NewClient(Endpoint{Command: []string{exe}, Env: append(os.Environ(), "RESPONSES_TEST_ROLE="+role), RequestMaxRetries: 2}, opts...)
	t.Cleanup(c.Close)
	return c
}

func TestCommand(t *testing.T) {
	var got, model string
	err := commandClient(t, "ok").Stream(context.Background(), Request{Body: []byte("{\n\"x\":\r\n1}\n")},
		func(m Meta) { model = m.Model }, func(e Event) error { got += e.Type + string(e.Data) + "\n"; return nil })
	want := "codex.response.metadata{\"type\":\"codex.response.metadata\",\"headers\":{\"openai-model\":\"m2\"}}\n" +
		"a.b{\"type\":\"a.b\",\"lines\":1,\"got\":{ \"x\":  1}}\nresponse.completed" + completed + "\n"
	if err != nil || got != want || model != "m2" {
		t.Errorf("%v %s\n%s", err, model, got)
	}
}

func TestCommandErrors(t *testing.T) {
	const disc = "stream disconnected before completion: "
	for role, want := range map[string]string{
		"fail":  disc + "model command ended with exit status 3: x",
		"says":  disc + "model command ended with exit status 4: no license",
		"quiet": disc + "stream closed before response.completed",
		"429":   "exceeded retry limit, last status: 429 Too Many Requests: slow, request id: q",
		"500":   textHighDemand,
	} {
		var s sleeps
		err := commandClient(t, role, WithSleep(s.sleep)).Stream(context.Background(), Request{Body: []byte("{}")}, nil, func(Event) error { return nil })
		var e *Error
		if !errors.As(err, &e) || !strings.HasPrefix(e.Message, want) || !e.Retryable {
			t.Errorf("%s: %v", role, err)
			continue
		}
		if role == "fail" && (!strings.HasSuffix(e.Message, "\nno model today") || len(e.Message) > 4200) {
			t.Errorf("stderr: %d bytes, ends %q", len(e.Message), e.Message[len(e.Message)-20:])
		}
		if (len(s) == 2) != (role == "500") {
			t.Errorf("%s: %d repeats", role, len(s))
		}
	}
	absent := commandClient(t, "absent").Stream(context.Background(), Request{}, nil, nil)
	if e, ok := errors.AsType[*Error](absent); !ok || e.Retryable || !strings.HasPrefix(e.Message, "model command ended with exit status 127") {
		t.Errorf("a shell whose command is not there: %v", absent)
	}
	nowhere := NewClient(Endpoint{Command: []string{os.Args[0]}, Dir: "/no/such/folder"}).Stream(context.Background(), Request{}, nil, nil)
	if nowhere == nil || !strings.HasPrefix(nowhere.Error(), "cannot start model command: work in /no/such/folder: ") {
		t.Errorf("in a folder that is not there: %v", nowhere)
	}
	err := NewClient(Endpoint{Command: []string{"/no/such/model"}}).Stream(context.Background(), Request{}, nil, nil)
	var e *Error
	if !errors.As(err, &e) || e.Retryable || !strings.HasPrefix(e.Message, "cannot start model command: ") {
		t.Error(err)
	}
}

func TestCommandCancel(t *testing.T) {
	why := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(context.Background())
	if err := commandClient(t, "hang").Stream(ctx, Request{}, nil, func(Event) error { cancel(why); return nil }); err != why {
		t.Error(err)
	}
	if err := commandClient(t, "hang").Stream(context.Background(), Request{}, nil, func(Event) error { return why }); err != why {
		t.Error(err)
	}
	// One that doesn't leave after its answer delays nobody; Close ends it.
	if err := commandClient(t, "linger").Stream(context.Background(), Request{}, nil, func(Event) error { return nil }); err != nil {
		t.Error(err)
	}
}
