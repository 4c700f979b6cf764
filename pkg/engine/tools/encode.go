package tools

import (
	"bytes"
	"encoding/json"
)

// encodeJSON is json.Marshal without the escapes for HTML, which cost a model tokens.
func encodeJSON(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), err
}

// contentOutput is an output of content items.
func contentOutput(items []any) Output {
	b, err := encodeJSON(items)
	if err != nil {
		return failed("encode the result: %v", err)
	}
	return Output{Content: b}
}
