package execpolicy

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Line is a line of the compiled form of rules files, as codex-execpolicy(1) prints it:
// a rule, or what is wrong with a file, of which then no rule comes.
type Line struct {
	Rule
	Error *FileError `json:"error,omitempty"`
}

// FileError is what is wrong with a rules file, and where.
type FileError struct {
	File    string   `json:"file"`
	Message string   `json:"message"`
	Start   Position `json:"start"`
	End     Position `json:"end"` // after the last character
}

// Position is a place in a file; lines and columns (in characters) count from 1.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

func (e *FileError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Start.Line, e.Start.Column, e.Message)
}

// ReadLines reads the compiled form.
func ReadLines(r io.Reader) (rules []Rule, broken []FileError, err error) {
	dec := json.NewDecoder(bufio.NewReader(r))
	for {
		var l Line
		switch err := dec.Decode(&l); {
		case errors.Is(err, io.EOF):
			return rules, broken, nil
		case err != nil:
			return nil, nil, fmt.Errorf("read compiled rules: %w", err)
		}
		switch {
		case l.Error != nil:
			broken = append(broken, *l.Error)
		case l.Prefix != nil && !l.Prefix.sound():
			return nil, nil, errors.New("read compiled rules: a pattern is empty")
		default:
			rules = append(rules, l.Rule)
		}
	}
}

func (r *PrefixRule) sound() bool {
	return len(r.Pattern) > 0 && !slices.ContainsFunc(r.Pattern, func(words []string) bool { return len(words) == 0 })
}
