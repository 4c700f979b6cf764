// Package wintoken holds a command on Windows to a policy with what every
// account there has: a token that may write only where its own identities may,
// entries for these in the access lists of the writable roots, and a job
// object that ends everything at once.
//
// What is decided, which identities, which entries on which paths, which
// variables, is text and pure functions, tested on every system; the calls are
// in files that end in _windows.go. It imports policy, atomicfile and foreign, and
// nothing else of the suite.
package wintoken
