package protocol

import "codex/pkg/jsonrpc"

// List is an array that is always present on the wire: nil is written as [] and never
// as null. A []T may be assigned to it and it to a []T. Where the protocol has null for
// a missing array, the field is a plain slice instead.
type List[T any] []T

// MarshalJSON writes [] for nil.
func (l List[T]) MarshalJSON() ([]byte, error) {
	if len(l) == 0 {
		return []byte("[]"), nil
	}
	return encode([]T(l))
}

// Map is an object with free keys that is always present on the wire: nil is written
// as {} and never as null.
type Map[T any] map[string]T

// MarshalJSON writes {} for nil.
func (m Map[T]) MarshalJSON() ([]byte, error) {
	if len(m) == 0 {
		return []byte("{}"), nil
	}
	return encode(map[string]T(m))
}

// encode is json.Marshal without the escaping of <, > and &: what a custom MarshalJSON
// returns is not unescaped again by the encoder above it.
func encode(v any) ([]byte, error) {
	return jsonrpc.Marshal(v)
}
