package server

// enoughFiles has nothing to count here.
func enoughFiles() error { return nil }
