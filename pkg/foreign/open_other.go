//go:build !unix

package foreign

// NonBlocking: what is no file has no name in folders here.
const NonBlocking = 0
