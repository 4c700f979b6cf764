//go:build unix

package pidfile

import (
	"errors"
	"os"
	"strconv"
	"syscall"

	"codex/pkg/cli/exit"
	"codex/pkg/onexec"
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
	_ = onexec.Close() // a pipe or a lock of the caller's must not live as long as a server
	syscall.CloseOnExec(gateGo)
	syscall.CloseOnExec(gateFail)
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
