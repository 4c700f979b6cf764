// Package watchdog ends process groups whose owner died before it could: the
// kernel ties at best a child's life to its parent's, and not that of what the
// child has started.
//
// The owner starts a watcher, which is its own program under another name,
// and holds the only writing end of a pipe to it. Through the pipe it says
// "+GROUP" for each process group it starts and "-GROUP" for each that is
// over, a line each. When the pipe ends, the watcher kills the groups that are
// left and ends.
//
// It imports the standard library only.
package watchdog

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// Name is argv[0] of a watcher: Init of the program is then Serve.
const Name = "codex-watchdog"

// Serve is the watcher: it reads r to its end and then kills what is held. A
// line that it does not understand is the end, too.
func Serve(r io.Reader, kill func(group int)) {
	held := map[int]bool{}
	in := bufio.NewReaderSize(r, 64)
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			break
		}
		sign, word := line[0], strings.TrimSuffix(string(line[1:]), "\n")
		group, err := strconv.ParseUint(word, 10, 31)
		if err != nil || group < 2 || sign != '+' && sign != '-' { // 1 would be everybody
			break
		}
		if sign == '+' {
			held[int(group)] = true
		} else {
			delete(held, int(group))
		}
	}
	for group := range held {
		kill(group)
	}
}
