package exit

import "fmt"

// UsageError is wrong usage (status 2). Report shows it in the shape that scripts know
// from the original.
type UsageError struct {
	Text  string
	Usage string // how it is done right, "codex exec [OPTIONS] [PROMPT]"; "" leaves that out
}

// Usagef makes an error of wrong usage, without saying how it is done right.
func Usagef(format string, args ...any) error {
	return &UsageError{Text: fmt.Sprintf(format, args...)}
}

func (e *UsageError) Error() string { return e.Text }

// ExitCode is that of wrong usage.
func (e *UsageError) ExitCode() int { return Usage }

// Message is the whole text for stderr.
func (e *UsageError) Message() string {
	s := "error: " + e.Text + "\n\n"
	if e.Usage != "" {
		s += "Usage: " + e.Usage + "\n\n"
	}
	return s + "For more information, try '--help'.\n"
}
