package protocol

// Null is a member that later releases have and that never has a value here. Their
// TypeScript calls it a value or null, so it is there. What another server sends in it is
// passed over.
//
// Fields of later releases have the tag schema:"later": they are in what is sent, and not
// in the schema, which is that of 0.133.0.
type Null struct{}

// MarshalJSON writes null.
func (Null) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// UnmarshalJSON takes anything.
func (*Null) UnmarshalJSON([]byte) error { return nil }
