package server

import (
	"errors"
	"io/fs"
	"syscall"

	"codex/pkg/jsonrpc"
	"codex/pkg/ostext"
)

// osError gives an error of the system in the protocol's words: its text and number, and
// a code by kind. Errors that are already the protocol's stay.
func osError(err error) error {
	if e, ok := errors.AsType[*jsonrpc.Error](err); ok {
		return e
	}
	code := jsonrpc.CodeInternal
	switch {
	case errors.Is(err, fs.ErrNotExist):
		code = jsonrpc.CodeNotFound
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EINVAL):
		code = jsonrpc.CodeInvalidRequest
	}
	return &jsonrpc.Error{Code: code, Message: ostext.Of(err)}
}

// processError is osError for a start: every failure has the same code.
func processError(err error) error {
	if e, ok := errors.AsType[*jsonrpc.Error](err); ok {
		return e
	}
	return &jsonrpc.Error{Code: jsonrpc.CodeInternal, Message: ostext.Of(err)}
}

func badParams(format string, args ...any) error {
	return jsonrpc.Errorf(jsonrpc.CodeInvalidParams, format, args...)
}

func invalid(format string, args ...any) error {
	return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, format, args...)
}
