//go:build !linux

package argv

import "os"

// stdout is where lines go.
func stdout() *os.File { return os.Stdout }
