package turn

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

const (
	// maxLine bounds a line from the frontend: a request holds a megabyte of text, and images
	// come as data URLs.
	maxLine = 256 << 20
	// hugeLine is a line whose memory is given back before the next one is waited for.
	hugeLine = 4 << 20
)

// read takes lines until the input ends.
func (s *Server) read(in io.Reader) {
	t := &tidy{Reader: in}
	r := jsonrpc.NewReader(t, maxLine)
	for s.ctx.Err() == nil {
		line, err := r.ReadLine()
		switch {
		case errors.Is(err, jsonrpc.ErrTooLong):
			t.due = true
			s.refuse(jsonrpc.Errorf(jsonrpc.CodeParse, "line longer than %d bytes", maxLine))
			continue
		case err == io.EOF:
			return
		case err != nil:
			fmt.Fprintf(s.opts.Stderr, "codex-turn: read stdin: %v\n", err)
			s.fail()
			return
		}
		t.due = t.due || len(line) > hugeLine
		s.take(line)
	}
}

// tidy gives memory back before it waits for input, when that is due.
type tidy struct {
	io.Reader
	due bool
}

func (t *tidy) Read(b []byte) (int, error) {
	if t.due {
		t.due = false
		debug.FreeOSMemory()
	}
	return t.Reader.Read(b)
}

// take takes one line: a message, or a prompt.
func (s *Server) take(line []byte) {
	text, isMessage := classify(line)
	switch {
	case text == nil:
	case isMessage:
		_ = s.out.conn.Line(text) // what goes wrong is told by bad and handle
	default:
		s.prompt(text)
	}
}

// bad refuses a line that is no message.
func (s *Server) bad(_ []byte, err error) error {
	s.refuse(jsonrpc.Errorf(jsonrpc.CodeParse, "%v", err))
	return nil
}

// classify says what a line is: nothing (nil), a message, or a prompt. A message begins
// with a brace; a JSON array, a batch elsewhere, counts as one so that it is refused.
func classify(line []byte) (text []byte, isMessage bool) {
	line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")) // what Windows puts first
	trimmed := bytes.TrimSpace(line)
	switch {
	case len(trimmed) == 0:
		return nil, false
	case trimmed[0] == '{', trimmed[0] == '[' && jsonrpc.Valid(trimmed):
		return trimmed, true
	}
	return line, false
}

// prompt queues a line of plain text as a turn of its own. While the queue is full
// nothing is read.
func (s *Server) prompt(line []byte) {
	text := string(bytes.ToValidUTF8(line, []byte("\uFFFD")))
	p := prompt{in: []protocol.UserInput{{Type: protocol.UserInputText, Text: text}}, asked: s.asked()}
	err := checkInput(p.in)
	if err == nil {
		err = s.ensureThread()
	}
	if err != nil {
		s.setUpFailed(err)
		return
	}
	s.waiting.Add(1)
	for {
		select {
		case s.prompts <- p:
			return
		default:
		}
		select {
		case s.prompts <- p:
			return
		case <-s.ctx.Done():
			return
		case <-s.out.asked:
			// The turn waits for an answer, and what comes instead are prompts.
			select {
			case s.prompts <- p:
				s.out.noteAsked()
				return
			default:
				s.out.conn.FailPending(errNobody)
			}
		}
	}
}
