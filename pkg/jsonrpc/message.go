package jsonrpc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"github.com/tidwall/gjson"
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

// AsError gives err as an *Error; anything that is not one becomes an internal error.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
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

// Parse reads one line, which may be anything. What Check refuses gives its error; JSON
// that is no message gives ErrNotMessage. Unknown members are ignored.
func Parse(line []byte) (Message, error) {
	if err := Check(line); err != nil {
		return Message{}, fmt.Errorf("parse json-rpc line: %w", err)
	}
	if b := bytes.TrimLeft(line, " \t\r\n"); len(b) == 0 || b[0] != '{' {
		return Message{}, ErrNotMessage
	}
	var m Message
	var hasResult, hasErr, idOK bool
	// Lines may be large (a file is one): no copy is made, and strings that are kept are.
	gjson.Parse(unsafe.String(unsafe.SliceData(line), len(line))).ForEach(func(k, v gjson.Result) bool {
		switch k.Str {
		case "id":
			idOK = v.Type == gjson.String || v.Type == gjson.Number && !bytes.ContainsAny([]byte(v.Raw), ".eE")
			m.ID = raw(line, v)
		case "method":
			if v.Type == gjson.String {
				m.Method = strings.Clone(v.Str)
			}
		case "params":
			if v.Type != gjson.Null {
				m.Params = raw(line, v)
			}
		case "result":
			hasResult = true
			m.Result = raw(line, v)
		case "error":
			if v.IsObject() {
				hasErr = true
				m.Err = &Error{Code: int(v.Get("code").Int()), Message: strings.Clone(v.Get("message").String())}
				if d := v.Get("data"); d.Exists() {
					m.Err.Data = json.RawMessage(d.Raw)
				}
			}
		}
		return true
	})
	switch {
	case m.Method != "" && idOK:
		m.Kind = KindRequest
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

func raw(line []byte, v gjson.Result) json.RawMessage {
	if v.Index > 0 && v.Index+len(v.Raw) <= len(line) {
		return json.RawMessage(line[v.Index : v.Index+len(v.Raw)])
	}
	return json.RawMessage(v.Raw)
}
