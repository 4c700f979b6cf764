//go:build unix

package dispatch

import "syscall"

// replace becomes the program at path: it returns only when that fails.
func replace(path string, argv, env []string) (int, error) {
	return 0, syscall.Exec(path, argv, env)
}
