//go:build !unix

package foreign

// nonblocking: what is no file has no name in folders here.
const nonblocking = 0
