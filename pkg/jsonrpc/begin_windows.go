package jsonrpc

// Begin gives nil: a pipe there makes who writes wait.
func Begin(any) func(line []byte) (rest []byte) { return nil }
