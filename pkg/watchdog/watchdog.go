// Package watchdog ends process groups whose owner died before it could: the
// kernel ties at best a child's life to its parent's, and not that of what the
// child has started.
//
// The owner starts a watcher, which is its own program under another name,
// and holds the only writing end of a pipe to it. Through the pipe it says
// "+GROUP" for each process group it starts and "-GROUP" for each that is
// over, a line each. When the pipe ends, the watcher kills the groups that are
// left and ends. "~GROUP" is for one that is to leave by itself then, and is
// only ended when it does not.
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

// Serve is the watcher: it reads r to its end, kills what is held, and has leave
// look after the groups that are to leave by themselves. A line that it does not
// understand is the end, too.
func Serve(r io.Reader, kill func(group int), leave func(groups []int)) {
	held := map[int]bool{} // the value says that it may leave
	in := bufio.NewReaderSize(r, 64)
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			break
		}
		sign, word := line[0], strings.TrimSuffix(string(line[1:]), "\n")
		group, err := strconv.ParseUint(word, 10, 31)
		if err != nil || group < 2 || sign != '+' && sign != '~' && sign != '-' { // 1 would be everybody
			break
		}
		if sign == '-' {
			delete(held, int(group))
		} else {
			held[int(group)] = sign == '~'
		}
	}
	var leaving []int
	for group, may := range held {
		if may {
			leaving = append(leaving, group)
		} else {
			kill(group)
		}
	}
	leave(leaving)
}
