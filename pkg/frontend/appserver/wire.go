package appserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"codex/pkg/jsonrpc"
)

// encode is v as one compact line without its newline; what cannot be encoded is a
// mistake of ours.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("encode %T: %v", v, err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}

func noteLine(method string, params any) []byte {
	return encode(struct {
		Method string `json:"method"`
		Params any    `json:"params"`
	}{method, params})
}

func resultLine(id json.RawMessage, result any) []byte {
	if raw, ok := result.(json.RawMessage); ok { // the engine's, passed on as it is
		line := make([]byte, 0, len(raw)+len(id)+20)
		line = append(append(line, `{"id":`...), id...)
		line = append(append(line, `,"result":`...), raw...)
		return append(line, '}')
	}
	return encode(struct {
		ID     json.RawMessage `json:"id"`
		Result any             `json:"result"`
	}{id, result})
}

func failLine(id json.RawMessage, err error) []byte {
	e := jsonrpc.AsError(err)
	return encode(struct {
		Error any             `json:"error"`
		ID    json.RawMessage `json:"id"`
	}{struct {
		Code    int    `json:"code"`
		Data    any    `json:"data,omitempty"`
		Message string `json:"message"`
	}{e.Code, e.Data, e.Message}, id})
}

func askLine(method string, id int64, params json.RawMessage) []byte {
	line := append([]byte(`{"method":`), encode(method)...)
	line = append(append(line, `,"id":`...), strconv.FormatInt(id, 10)...)
	line = append(append(line, `,"params":`...), params...)
	return append(line, '}')
}

func invalid(format string, args ...any) error {
	return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, format, args...)
}

func badParams(format string, args ...any) error {
	return jsonrpc.Errorf(jsonrpc.CodeInvalidParams, format, args...)
}

func internal(err error) error { return jsonrpc.Errorf(jsonrpc.CodeInternal, "%v", err) }
