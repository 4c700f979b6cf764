package execserver

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"unicode"
	"unicode/utf8"

	"codex/pkg/jsonrpc"
)

// osError gives an error of the system in the protocol's words: its text and number, and
// a code by kind (execserver spec §1). Errors that are already the protocol's stay.
func osError(err error) error {
	var e *jsonrpc.Error
	if errors.As(err, &e) {
		return e
	}
	code := jsonrpc.CodeInternal
	switch {
	case errors.Is(err, fs.ErrNotExist):
		code = jsonrpc.CodeNotFound
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EINVAL):
		code = jsonrpc.CodeInvalidRequest
	}
	return &jsonrpc.Error{Code: code, Message: osText(err)}
}

// processError is osError for a start: every failure has the same code.
func processError(err error) error {
	var e *jsonrpc.Error
	if errors.As(err, &e) {
		return e
	}
	return &jsonrpc.Error{Code: jsonrpc.CodeInternal, Message: osText(err)}
}

func osText(err error) string {
	var no syscall.Errno
	if !errors.As(err, &no) {
		return err.Error()
	}
	text := no.Error()
	first, n := utf8.DecodeRuneInString(text)
	return fmt.Sprintf("%c%s (os error %d)", unicode.ToUpper(first), text[n:], int(no))
}
