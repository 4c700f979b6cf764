// Package notify is a tee in a pipe of turn protocol lines: each line goes on untouched,
// and at the end of a turn a program is run, the terminal's bell is rung, or the terminal
// shows a notification. It reads the app-server protocol v2 (thread/started,
// item/completed, turn/completed, approval requests) and writes the same bytes.
//
// Frontend layer: it imports the ground and pkg/cli, never the engine.
package notify

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// maxLine is the longest line that is looked into. A longer one is passed on in pieces:
// no message that matters here has that size.
const maxLine = 256 << 20

// Pass copies lines from r to w, each with one write and byte for byte, and calls see
// with each line (its newline included) after it was written; the slice is valid during
// the call only. A last line without a newline counts. The error is from reading or
// writing; the end of r is none.
func Pass(w io.Writer, r io.Reader, see func(line []byte)) error {
	br := bufio.NewReaderSize(r, 64<<10)
	var long []byte // the line so far, when it is longer than the buffer
	split := false  // the line was over maxLine: its beginning is written already
	for {
		part, err := br.ReadSlice('\n')
		full := errors.Is(err, bufio.ErrBufferFull)
		if full || len(long) > 0 {
			long = append(long, part...)
			part = long
		}
		switch {
		case full && len(long) < maxLine:
			continue
		case len(part) > 0:
			if _, werr := w.Write(part); werr != nil {
				return fmt.Errorf("write line: %w", werr)
			}
			if !split && !full {
				see(part)
			}
			split = full
			if cap(long) > 1<<20 {
				long = nil // a huge line must not stay in memory
			}
			long = long[:0]
		}
		switch {
		case err == nil || full:
		case errors.Is(err, io.EOF):
			return nil
		default:
			return fmt.Errorf("read lines: %w", err)
		}
	}
}
