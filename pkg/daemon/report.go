package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"codex/pkg/ostext"
)

// report gives the text about an error in the shape of the original: what failed, and
// below it what caused that, outermost first.
func report(err error) string {
	links := chain(err)
	var b strings.Builder
	fmt.Fprintf(&b, "Error: %s\n", links[0])
	if len(links) > 1 {
		b.WriteString("\nCaused by:\n")
	}
	for i, link := range links[1:] {
		head, indent := "    ", "    "
		if len(links) > 2 {
			head, indent = fmt.Sprintf("%5d: ", i), "       "
		}
		b.WriteString(head + strings.ReplaceAll(link, "\n", "\n"+indent) + "\n")
	}
	return b.String()
}

// chain takes an error apart into what each level of it adds.
func chain(err error) []string {
	var links []string
	for err != nil {
		if system(err) {
			return append(links, ostext.Of(err))
		}
		next := errors.Unwrap(err)
		text := err.Error()
		if next != nil {
			// What has no words of its own adds no link.
			own, ok := strings.CutSuffix(text, next.Error())
			if own = strings.TrimSuffix(own, ": "); ok && own == "" {
				err = next
				continue
			} else if ok {
				text = own
			} else {
				next = nil
			}
		}
		links = append(links, text)
		err = next
	}
	return links
}

// system says that an error is the system's, with the name of a call and a path before
// it, which the level above has told already.
func system(err error) bool {
	switch err.(type) {
	case syscall.Errno, *fs.PathError, *os.LinkError, *os.SyscallError, *net.OpError:
		var no syscall.Errno
		return errors.As(err, &no)
	}
	return false
}
