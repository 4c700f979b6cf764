package jsonrpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// Kind says which of the four message shapes a line has.
type Kind int

const (
	// KindInvalid is a line that is no message at all.
	KindInvalid Kind = iota
	// KindRequest has a method and an id (string or integer).
	KindRequest
	// KindNotification has a method and no id (or a null one).
	KindNotification
	// KindResponse has an id and a result.
	KindResponse
	// KindFailure has an id and an error.
	KindFailure
)

// Codes used on every wire of this project.
const (
	CodeParse          = -32700
	CodeInvalidRequest = -32600
	CodeMethodNotFound = -32601
	CodeInvalidParams  = -32602
	CodeInternal       = -32603
	CodeNotFound       = -32004
	CodeOverloaded     = -32001
	CodeRefused        = -32000
)

// Error is the error member of an answer. It is a Go error, so handlers return it.
type Error struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    any    `json:"data,omitempty"`
}

func (e *Error) Error() string { return e.Message }

// Errorf makes an *Error with a formatted message.
func Errorf(code int, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Invalidf is the error of a request that cannot be answered as it is.
func Invalidf(format string, args ...any) *Error { return Errorf(CodeInvalidRequest, format, args...) }

// AsError gives err as an *Error; anything that is not one becomes an internal error.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Code: CodeInternal, Message: err.Error()}
}

// Message is one parsed line. The raw members point into the line they were parsed from.
type Message struct {
	Kind   Kind
	ID     json.RawMessage // raw id with its type kept; nil for a notification
	Method string
	Params json.RawMessage // nil when left out
	Result json.RawMessage
	Err    *Error
}

// ErrNotMessage is returned by Parse for JSON that is no JSON-RPC message.
var ErrNotMessage = errors.New("not a json-rpc message")

// ErrID is returned by Parse for a request whose id cannot be that of an answer.
var ErrID = errors.New("the id of a request is a string or a whole number")

// Parse reads one line, which may be anything. What Check refuses gives its error; JSON
// that is no message gives ErrNotMessage; a request with an id of another kind gives ErrID
// and that id. Unknown members are ignored.
func Parse(line []byte) (Message, error) {
	if err := Check(line); err != nil {
		return Message{}, fmt.Errorf("parse json-rpc line: %w", err)
	}
	v := value(bytes.TrimSpace(line))
	if !v.object() {
		return Message{}, ErrNotMessage
	}
	var m Message
	var hasResult, hasErr, idOK bool
	v.members(func(k []byte, v value) bool {
		switch string(k) {
		case "id":
			idOK = v.string() || v.whole()
			m.ID = json.RawMessage(v)
		case "method":
			if v.string() {
				m.Method = string(v.text())
			}
		case "params":
			if !v.null() {
				m.Params = json.RawMessage(v)
			}
		case "result":
			hasResult = true
			m.Result = json.RawMessage(v)
		case "error":
			if v.object() {
				hasErr, m.Err = true, errorOf(v)
			}
		}
		return true
	})
	switch {
	case m.Method != "" && idOK:
		m.Kind = KindRequest
	case m.Method != "" && !value(m.ID).null():
		return Message{ID: m.ID}, ErrID
	case m.Method != "":
		m.Kind, m.ID = KindNotification, nil
	case idOK && hasErr:
		m.Kind = KindFailure
	case idOK && hasResult:
		m.Kind = KindResponse
	default:
		return Message{}, ErrNotMessage
	}
	return m, nil
}

// errorOf reads the error of an answer; nothing of it points into the line.
func errorOf(v value) *Error {
	e := &Error{}
	v.members(func(k []byte, v value) bool {
		switch string(k) {
		case "code":
			n, _ := strconv.ParseFloat(string(v), 64)
			e.Code = int(n)
		case "message":
			if v.string() {
				e.Message = string(v.text())
			}
		case "data":
			e.Data = json.RawMessage(bytes.Clone(v))
		}
		return true
	})
	return e
}
