//go:build unix

package pidfile

import (
	"errors"
	"os"
	"strconv"
	"syscall"

	"codex/pkg/cli/exit"
)

// Descriptors of the gate: it reads the word to go from one, and writes the number of
// the error to the other when it cannot become the program.
const (
	gateGo   = 3
	gateFail = 4
)

// Gate is a child of Start: it waits for the word to go and becomes the program, whose
// path args begins with. It ends when its parent dies before that.
func Gate(args, env []string) error {
	if len(args) == 0 {
		return exit.Usagef("a gate is no command for people")
	}
	closeOnExec()
	word := make([]byte, 1)
	for {
		n, err := syscall.Read(gateGo, word)
		if n == 1 {
			break
		}
		if !errors.Is(err, syscall.EINTR) {
			return exit.Silent(exit.Failed)
		}
	}
	err := syscall.Exec(args[0], args, env)
	var no syscall.Errno
	errors.As(err, &no)
	fail := os.NewFile(gateFail, "gate")
	_, _ = fail.WriteString(strconv.Itoa(int(no))) // the parent may have died
	return exit.Silent(exit.Failed)
}

// closeOnExec keeps from the program what is open here beside the standard streams, the
// caller's own files included: a pipe or a lock of his must not live as long as a server.
func closeOnExec() {
	syscall.CloseOnExec(gateGo)
	syscall.CloseOnExec(gateFail)
	open, err := os.ReadDir("/dev/fd")
	if err != nil {
		return // our own have been seen to
	}
	for _, e := range open {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}
