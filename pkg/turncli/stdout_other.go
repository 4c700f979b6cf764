//go:build !linux

package turncli

import "os"

// stdout is where lines go.
func stdout() *os.File { return os.Stdout }
