//go:build !linux

package argv

// Bound limits the memory of this process, where that can be done.
func Bound() {}
