package protocol

import (
	"bytes"
	"encoding/json"

	"codex/pkg/jsonrpc"
)

// Patch is a change of an optional value: left out keeps it, null clears it (Set, with
// no Value), a value replaces it. The zero Patch is left out; fields have omitzero.
type Patch[T any] struct {
	Set   bool
	Value *T
}

// MarshalJSON writes the value or null.
func (p Patch[T]) MarshalJSON() ([]byte, error) { return jsonrpc.Marshal(p.Value) }

// UnmarshalJSON is called only when the member is there.
func (p *Patch[T]) UnmarshalJSON(raw []byte) error {
	*p = Patch[T]{Set: true}
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return nil
	}
	return json.Unmarshal(raw, &p.Value)
}
