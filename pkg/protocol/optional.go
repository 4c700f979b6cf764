package protocol

// Optional is a member that is left out where it says nothing: nil for the zero value.
func Optional[T comparable](v T) *T {
	if v == *new(T) {
		return nil
	}
	return &v
}

// Value is what such a member says, the zero value for one that is left out.
func Value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
