package model

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"codex/pkg/cli/exit"
	"codex/pkg/jsonrpc"
)

type recordCmd struct {
	server
	File    string   `arg:"" help:"script to append to"`
	Command []string `arg:"" optional:"" passthrough:"" help:"model command to ask, after --"`
}

// Run passes one request on.
func (c *recordCmd) Run(s Streams) error {
	argv := c.Command
	if len(argv) > 0 && argv[0] == "--" {
		argv = argv[1:]
	}
	if (len(argv) == 0) == (c.BaseURL == "") {
		return exit.Usagef("record wants either --base-url or a command after --")
	}
	ep, err := c.endpoint(s)
	if err != nil {
		return err
	}
	if len(argv) > 0 {
		// The caller's own request layer repeats; each try is to be in the file.
		ep.Command, ep.RequestMaxRetries, ep.Self = argv, 0, s.Self
	}
	body, err := s.readRequest()
	if err != nil {
		return err
	}
	if len(argv) == 0 || c.Model != "" {
		if body, err = requestBody(body, c.Model); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(note(body)); err != nil {
		f.Close()
		return err
	}
	ctx, stop := signals()
	defer stop()
	t := &transfer{ep: ep, out: bufio.NewWriterSize(io.MultiWriter(f, s.Stdout), 64<<10)}
	err = t.run(ctx, body)
	if cerr := f.Close(); err == nil && cerr != nil {
		err = fmt.Errorf("record to %s: %w", c.File, cerr)
	}
	return err
}

// note is the line that keeps the request for the reader; a replay passes over it.
func note(body []byte) []byte {
	var one bytes.Buffer
	if !jsonrpc.Valid(body) || json.Compact(&one, body) != nil {
		one.Reset()
		one.Write(jsonrpc.Quote(string(body)))
	}
	return fmt.Appendf(nil, "{\"request\":%s}\n", one.Bytes())
}
