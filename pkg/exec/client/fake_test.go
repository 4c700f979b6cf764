//go:build unix

package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"time"

	"codex/pkg/exec/client"
	"codex/pkg/policy"
)

// fake is a server made of a few lines of shell.
func fake(script string) client.Config {
	return client.Config{Command: []string{"/bin/sh", "-c", script}, InitTimeout: hang}
}

const hello = `read l; echo '{"id":1,"result":{"sessionId":"s"}}'; read l;`

func TestBanner(t *testing.T) {
	var rec bytes.Buffer
	cfg := fake(`echo 'Welcome to box!'; echo; ` + hello + ` read l; echo '{"id":2,"result":{"dataBase64":"aGk="}}'; read l`)
	cfg.Record = &rec
	c, err := client.Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := c.ReadFile(context.Background(), "/x", nil); err != nil || string(b) != "hi" {
		t.Errorf("%q %v", b, err)
	}
	if err := c.Close(); err != nil && !strings.Contains(err.Error(), "exit status 1") { // read fails at EOF
		t.Error(err)
	}
	want := `< Welcome to box!
< 
> {"method":"initialize","id":1,"params":{"clientName":"codex-environment","resumeSessionId":null}}
< {"id":1,"result":{"sessionId":"s"}}
> {"method":"initialized","params":{}}
> {"method":"fs/readFile","id":2,"params":{"path":"/x","sandbox":null}}
< {"id":2,"result":{"dataBase64":"aGk="}}
`
	sorted := func(s string) string { // the banner and the first request cross
		lines := strings.SplitAfter(s, "\n")
		return fmt.Sprint(len(lines), lines[3:])
	}
	if sorted(rec.String()) != sorted(want) {
		t.Errorf("recorded\n%s", rec.String())
	}
}

// full takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// A recording that cannot be written does not stop the work, and is an error in the end.
func TestRecordingLost(t *testing.T) {
	cfg := fake(hello + ` read l; echo '{"id":2,"result":{"dataBase64":"aGk="}}'; cat`)
	cfg.Record = full{}
	c, err := client.Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := c.ReadFile(context.Background(), "/x", nil); err != nil || string(b) != "hi" {
		t.Errorf("%q %v", b, err)
	}
	if err := c.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
}

// A server that would ignore the policy gets no command.
func TestFailClosed(t *testing.T) {
	ro := policy.ReadOnly()
	sp := sh("p", "touch /tmp/never")
	sp.Sandbox = &ro
	c := connect(t, fake(hello+` read l && echo '{"method":"asked"}'; read l`))
	if _, err := c.StartProcess(context.Background(), sp, nil); !errors.Is(err, client.ErrNoSandbox) {
		t.Errorf("no announcement: %v", err)
	}
	info := strings.Replace(hello, `"s"`, `"s","environmentInfo":{"capabilities":{}}`, 1)
	c = connect(t, fake(info+` read l; echo '{"id":2,"result":{"processId":"p","sandboxType":"none"}}'; read l; case $l in *process/terminate*) touch `+
		t.TempDir()+`/terminated;; esac`))
	if _, err := c.StartProcess(context.Background(), sp, nil); !errors.Is(err, client.ErrNoSandbox) {
		t.Errorf("not confined: %v", err)
	}
}

// Events come in any order and twice; the sink gets them in theirs.
func TestOrder(t *testing.T) {
	note := func(s string) string { return `echo '` + s + `';` }
	out := func(seq int, chunk string) string {
		return note(fmt.Sprintf(`{"method":"process/output","params":{"processId":"p","seq":%d,"stream":"stdout","chunk":"%s"}}`, seq, chunk))
	}
	c := connect(t, fake(hello+` read l;`+
		note(`{"method":"process/closed","params":{"processId":"p","seq":5}}`)+
		note(`{"method":"process/exited","params":{"processId":"p","seq":2,"exitCode":9}}`)+
		out(4, "Yw==")+out(1, "YQ==")+out(1, "YQ==")+out(4, "Yw==")+
		note(`{"method":"unknown","params":{}}`)+
		note(`{ "method": "process/output", "params": {"processId":"p","seq":3,"stream":"stdout","chunk":"Yg=="}}`)+
		note(`{"id":2,"result":{"processId":"p"}}`)+` read l`))
	o := newOutput()
	p, err := c.StartProcess(context.Background(), params("p", "x"), o.sink)
	if err != nil {
		t.Fatal(err)
	}
	wait(t, p.Closed())
	if o.get("stdout") != "abc" || p.ExitCode() != 9 {
		t.Errorf("%q %d", o.get("stdout"), p.ExitCode())
	}
}

func TestLostServer(t *testing.T) {
	c := connect(t, fake(hello+`read l; echo '{"id":2,"result":{"processId":"p"}}'; read l; exit 7`))
	ctx := context.Background()
	p, err := c.StartProcess(ctx, params("p", "x"), nil)
	if err != nil {
		t.Fatal(err)
	}
	err = p.Write(ctx, []byte("x"))
	wait(t, p.Closed())
	wait(t, p.Exited())
	for what, err := range map[string]error{"call": err, "process": p.Err(), "client": c.Err()} {
		if err == nil || !strings.Contains(err.Error(), "executor connection lost") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := c.StartProcess(ctx, params("q", "x"), nil); err == nil {
		t.Error("started on a dead server")
	}
	if err := c.Close(); err == nil || !strings.Contains(err.Error(), "exit status 7") {
		t.Errorf("close: %v", err)
	}
}

func TestBadServers(t *testing.T) {
	for name, test := range map[string]struct{ script, want string }{
		"exits":     {"exit 3", "connection lost"},
		"refuses":   {`read l; echo '{"id":1,"error":{"code":-32600,"message":"go away"}}'; read l`, "go away"},
		"garbage":   {hello + ` echo garbage; read l`, ""},
		"bad start": {`echo '{"id":'; read l`, "parse json-rpc line"},
	} {
		c, err := client.Start(context.Background(), fake(test.script))
		if err == nil { // it comes later
			wait(t, c.Done())
			err = c.Err()
			c.Close()
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	const trace = "runtime: failed to create new OS thread (have 8 already; errno=11)\nfatal error: newosproc\n\ngoroutine 7 [running]:\nmain.main()\n"
	for name, test := range map[string]struct{ said, want, last string }{
		"words":       {"no route\n\nto host", "no route\n\nto host", "to host"},
		"a lack":      {"hello\n" + trace, "hello\nsh: the system gives it no more processes or threads (newosproc)\n", "(newosproc)"},
		"no lack":     {"runtime: x\nfatal error: all asleep\n\ngoroutine 1", "runtime: x\nfatal error: all asleep\n\ngoroutine 1", "goroutine 1"},
		"half a lack": {"runtime: x\n", "runtime: x\n", "runtime: x"},
	} {
		var errs bytes.Buffer
		cfg := fake("printf '" + strings.ReplaceAll(test.said, "\n", "\\n") + "' >&2; exit 2")
		cfg.Stderr = &errs
		_, err := client.Start(context.Background(), cfg)
		if err == nil || !strings.HasSuffix(err.Error(), test.last) || errs.String() != test.want {
			t.Errorf("%s: %v, said %q", name, err, errs.String())
		}
	}
	cfg := fake("sleep 1000")
	cfg.InitTimeout = 10 * time.Millisecond
	if _, err := client.Start(context.Background(), cfg); err == nil || !strings.Contains(err.Error(), "no answer to initialize within 10ms") {
		t.Errorf("silent: %v", err)
	}
	if _, err := client.Start(context.Background(), client.Config{Command: []string{"/proc/absent"}}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
}
