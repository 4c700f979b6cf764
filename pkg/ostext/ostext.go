// Package ostext words errors of the operating system as the original prints them:
// "Is a directory (os error 21)".
//
// Ground layer: it imports the standard library only.
package ostext

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"
)

// Of gives the system's text with a capital and its number, without what wraps it. Errors
// that are not the system's stay as they are; those that only say "not there" or "not
// allowed" get the number that they have on Unix.
func Of(err error) string {
	var no syscall.Errno
	switch {
	case errors.As(err, &no):
		text := no.Error()
		first, n := utf8.DecodeRuneInString(text)
		return fmt.Sprintf("%c%s (os error %d)", unicode.ToUpper(first), text[n:], int(no))
	case errors.Is(err, fs.ErrNotExist):
		return "No such file or directory (os error 2)"
	case errors.Is(err, fs.ErrPermission):
		return "Permission denied (os error 13)"
	}
	return err.Error()
}

// Quote quotes text as the original does where it shows a value instead of words.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == 0:
			b.WriteString(`\0`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u{%x}`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Reason is Of as the end of a sentence: "is a directory".
func Reason(err error) string {
	text, _, ok := strings.Cut(Of(err), " (os error ")
	if !ok {
		return text
	}
	first, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToLower(first)) + text[n:]
}
