package config

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says where a configuration error comes from, which decides the words
// that a frontend puts before it.
type Kind int

const (
	// KindPlain is a setting that does not fit the rest: "Error: TEXT".
	KindPlain Kind = iota
	// KindLoad is a file or a type that cannot be read: "Error loading config.toml: TEXT".
	KindLoad
	// KindOverride is a -c argument that cannot be read: "Error parsing -c overrides: TEXT".
	KindOverride
)

// Error is a configuration error in the words that the user must see.
type Error struct {
	Kind Kind
	// Text is what follows the prefix in exec and the TUI. It can have several
	// lines, and then may end in a newline.
	Text string
	// Summary is the short form with the position, "PATH:LINE:COL: message",
	// when the error is in a file; else it is "". Cause is the long form that
	// utility commands print below it.
	Summary, Cause string
	// placed tells that Text starts with a position, on a line of its own.
	placed bool
}

func (e *Error) Error() string { return strings.TrimRight(e.Text, "\n") }

// Message is the whole text for standard error as exec and the TUI print it,
// ending in a newline.
func (e *Error) Message() string {
	switch e.Kind {
	case KindLoad:
		if e.placed {
			return "Error loading config.toml:\n" + e.Text + "\n"
		}
		return "Error loading config.toml: " + e.Text + "\n"
	case KindOverride:
		return "Error parsing -c overrides: " + e.Text + "\n"
	}
	return "Error: " + e.Text + "\n"
}

// Short is the error in one line where there is one: `login status` and the
// servers print it behind their own words.
func (e *Error) Short() string {
	if e.Summary != "" {
		return e.Summary
	}
	return e.Text
}

// Words is Report without a word about what was being done.
func Words(err error) string { return Report("", err) }

// Report is the whole text for standard error as the utility commands print
// it: "Error: ..." and what caused it, ending in a newline. doing, when not
// empty, is put on top ("failed to load configuration").
func Report(doing string, err error) string {
	var chain []string
	if doing != "" {
		chain = append(chain, doing)
	}
	if e, ok := errors.AsType[*Error](err); ok {
		chain = append(chain, e.Short())
		if e.Summary != "" {
			chain = append(chain, e.Cause)
		}
	} else {
		chain = append(chain, err.Error())
	}
	var b strings.Builder
	b.WriteString("Error: " + chain[0] + "\n")
	if len(chain) > 1 {
		b.WriteString("\nCaused by:\n")
	}
	for i, c := range chain[1:] {
		head, indent := "    ", "    "
		if len(chain) > 2 {
			head, indent = fmt.Sprintf("%5d: ", i), "       "
		}
		b.WriteString(head + strings.ReplaceAll(c, "\n", "\n"+indent) + "\n")
	}
	return b.String()
}

func plain(format string, args ...any) *Error {
	return &Error{Kind: KindPlain, Text: fmt.Sprintf(format, args...)}
}

func loadError(format string, args ...any) *Error {
	return &Error{Kind: KindLoad, Text: fmt.Sprintf(format, args...)}
}
