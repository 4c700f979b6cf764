package tools

import (
	"encoding/json"

	"codex/pkg/jsonrpc"
)

// encodeJSON is json.Marshal without the escapes for HTML, which cost a model tokens.
func encodeJSON(v any) (json.RawMessage, error) {
	return jsonrpc.Marshal(v)
}

// contentOutput is an output of content items.
func contentOutput(items []any) Output {
	b, err := encodeJSON(items)
	if err != nil {
		return failed("encode the result: %v", err)
	}
	return Output{Content: b}
}
