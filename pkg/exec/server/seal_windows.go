package server

// sealFiles has nothing to do: handles are inherited by name only.
func sealFiles() {}
