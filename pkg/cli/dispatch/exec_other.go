//go:build !unix

package dispatch

import (
	"errors"
	"os"
	"os/exec"
)

// replace runs the program at path with our own streams and gives its status.
func replace(path string, argv, env []string) (int, error) {
	cmd := exec.Cmd{Path: path, Args: argv, Env: env, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	err := cmd.Run()
	var e *exec.ExitError
	if errors.As(err, &e) {
		return e.ExitCode(), nil
	}
	return 0, err
}
