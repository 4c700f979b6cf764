package screen

import (
	"fmt"
	"io"

	"codex/pkg/frontend/tui/text"
)

// Resize takes a new size. What the terminal did with its rows is known once it has said
// where its cursor is now: see Anchor.
func (s *Screen) Resize(cols, rows int) {
	s.size(cols, rows)
	s.known, s.row = false, nowhere
	s.top = max(0, min(s.top, s.rows-1))
}

// Anchor takes the row (from 0) in which the cursor is after a resize, and finds from it
// where the viewport begins. rewraps says that the terminal breaks rows anew that have
// become too long.
func (s *Screen) Anchor(row int, rewraps bool) {
	if s.alternate {
		s.saved.cols = 0 // the main screen is anchored when it is shown again
		return
	}
	top := row
	for i := 0; i < s.cursor.Row && i < len(s.view); i++ {
		top -= s.taken(s.view[i], rewraps)
	}
	if s.cursor.Row < len(s.view) && rewraps {
		top -= s.cursor.Col / s.cols
	}
	s.top = max(0, min(top, s.rows-1))
	s.known, s.row = false, row
}

// taken is how many rows a line takes that was written for another width.
func (s *Screen) taken(l text.Line, rewraps bool) int {
	if w := l.Width(); rewraps && w > s.cols {
		return (w + s.cols - 1) / s.cols
	}
	return 1
}

// Enter shows the alternate screen; Leave comes back to the main one as it was. Where the
// terminal was resized in between, it says true: the viewport has to be anchored.
func (s *Screen) Enter() error {
	if s.alternate {
		return nil
	}
	s.saved = saved{s.cols, s.rows, s.top, s.view, s.cursor}
	s.alternate, s.top, s.view, s.known, s.row = true, 0, nil, false, nowhere
	_, err := io.WriteString(s.out, "\x1b[?1049h\x1b[?1007h\x1b[H\x1b[2J")
	return err
}

// Leave ends what Enter began.
func (s *Screen) Leave() (resized bool, err error) {
	if !s.alternate {
		return false, nil
	}
	s.alternate, s.row = false, nowhere
	resized = s.saved.cols != s.cols || s.saved.rows != s.rows
	s.top, s.view, s.cursor, s.known = s.saved.top, s.saved.view, s.saved.cursor, !resized && s.saved.view != nil
	s.top = max(0, min(s.top, s.rows-1))
	// From the last row: tmux 3.3 leaves the first one of a page behind that has grown.
	_, err = fmt.Fprintf(s.out, "\x1b[?1007l\x1b[%d;1H\x1b[?1049l", s.rows)
	return resized, err
}

// Abandon clears the viewport and leaves the cursor where it began, for what other
// programs write. Begin takes the terminal back, with the cursor in row.
func (s *Screen) Abandon() error {
	if _, err := s.Leave(); err != nil {
		return err
	}
	s.buf.Reset()
	s.at(s.top, 0)
	if s.top > 0 {
		s.buf.WriteString("\x1b[J")
	} else {
		for i := range s.rows { // to clear all at once would put it into some terminals' scrollback
			s.at(i, 0)
			s.buf.WriteString("\x1b[K")
		}
		s.at(0, 0)
	}
	s.buf.WriteString("\x1b[?25h")
	s.known, s.view, s.cursor, s.row = false, nil, Cursor{}, nowhere
	_, err := s.out.Write(s.buf.Bytes())
	return err
}

// Begin takes the terminal back after Abandon, or takes it for the first time. While the
// alternate screen is shown the row is that of the main one.
func (s *Screen) Begin(row int) {
	row = max(0, min(row, s.rows-1))
	if s.alternate {
		s.saved.top, s.saved.view, s.saved.cursor = row, nil, Cursor{}
		return
	}
	s.top, s.known, s.row = row, false, nowhere
	s.view, s.cursor = nil, Cursor{}
}

// Clear empties the screen, row by row, and lets the viewport begin at its top. What is in
// the terminal's scrollback stays.
func (s *Screen) Clear() error {
	s.buf.Reset()
	for i := range s.rows {
		s.at(i, 0)
		s.buf.WriteString("\x1b[K")
	}
	s.top, s.known, s.view, s.cursor, s.row = 0, false, nil, Cursor{}, nowhere
	_, err := s.out.Write(s.buf.Bytes())
	return err
}
