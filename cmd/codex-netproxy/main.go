// Codex-netproxy lets programs reach the hosts on a list, and no others.
//
// Synopsis:
//
//	codex-netproxy [--allow HOST]... [--deny HOST]... [OPTIONS] [-- COMMAND [ARGS]...]
//	codex-netproxy --stdio
//
// It is a proxy for HTTP and SOCKS5 on the loopback interface. With a command
// it sets HTTP_PROXY and its many relatives, runs the command and ends with its
// status; what it blocks is said on standard error. Without one it says on
// standard output where it listens and what it blocks, one JSON object a line.
// With --stdio it takes settings and listeners from the process that started
// it: codex-sandbox does so for commands whose profile lists hosts. Exit
// status: 0, 1 for an error, 2 for wrong usage, the command's own, 126 or 127
// when it could not be run, 128+n when signal n ended it.
//
//	codex-netproxy --allow '**.example.com' -- curl https://example.com/
package main

import (
	"os"

	"codex/pkg/netproxy"
)

func main() {
	os.Exit(netproxy.Main(os.Args[1:], netproxy.Process{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Environ()}))
}
