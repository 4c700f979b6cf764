package wire

import "bytes"

// LooksDenied guesses whether a sandbox made a command fail, from what it wrote: the words
// of the kernel and of programs, which nobody can tell from those of the command itself.
func LooksDenied(code int, signal string, output []byte) bool {
	const sigsys = 128 + 31 // of a forbidden system call
	switch {
	case code == 0:
		return false
	case signal == "SYS" || code == sigsys:
		return true
	}
	output = bytes.ToLower(output)
	for _, words := range [...]string{
		"operation not permitted", "permission denied", "read-only file system",
		"seccomp", "sandbox", "landlock", "failed to write file",
	} {
		if bytes.Contains(output, []byte(words)) {
			return true
		}
	}
	return false
}
