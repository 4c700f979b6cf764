//go:build !linux

package policycli

// Bound limits the memory of this process, where that can be done.
func Bound() {}
