package protocol

import "codex/pkg/jsonrpc"

// List is an array that is always present on the wire: nil is written as [] and never
// as null. A []T may be assigned to it and it to a []T. Where the protocol has null for
// a missing array, the field is a plain slice instead.
type List[T any] []T

// MarshalJSON writes [] for nil. What it or another one here returns is not unescaped by the
// encoder above it, so that all of them leave <, > and & as they are.
func (l List[T]) MarshalJSON() ([]byte, error) {
	if len(l) == 0 {
		return []byte("[]"), nil
	}
	return jsonrpc.Marshal([]T(l))
}

// Map is an object with free keys that is always present on the wire: nil is written
// as {} and never as null.
type Map[T any] map[string]T

// MarshalJSON writes {} for nil.
func (m Map[T]) MarshalJSON() ([]byte, error) {
	if len(m) == 0 {
		return []byte("{}"), nil
	}
	return jsonrpc.Marshal(map[string]T(m))
}
