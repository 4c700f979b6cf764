package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Streams are what Main works on, so that it can be run without a process.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

const usage = `usage: codex-sandbox serve [--listen stdio]

Serve the exec-server protocol on standard input and output: see codex-executor(5).

  --listen URL  stdio or stdio:// (the default)
  -h, --help    show this
`

// Main is "codex-sandbox serve" and "codex exec-server": args are the words after that.
// It answers until the input ends, or SIGTERM, SIGHUP or SIGINT comes, and gives the exit
// status: 0, 1 for an error, 2 for a wrong command line.
func Main(args []string, st Streams, opts Options) int {
	const name = "codex-sandbox: "
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		value, glued := strings.CutPrefix(word, "--listen=")
		switch {
		case word == "-h" || word == "--help":
			io.WriteString(st.Out, usage)
			return 0
		case word == "--listen":
			if len(args) == 0 {
				fmt.Fprintf(st.Err, name+"--listen needs a value\n\n%s", usage)
				return 2
			}
			value, args = args[0], args[1:]
		case !glued:
			fmt.Fprintf(st.Err, name+"unexpected argument %q\n\n%s", word, usage)
			return 2
		}
		if err := listen(value); err != nil {
			fmt.Fprintln(st.Err, err)
			return 1
		}
	}
	if err := enoughFiles(); err != nil {
		fmt.Fprintln(st.Err, name+err.Error())
		return 1
	}
	sealFiles()
	// A broken pipe must not kill us in the middle of killing others. Not ignored, which
	// children would inherit.
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE)
	defer signal.Stop(broken)
	ends := []os.Signal{syscall.SIGTERM, os.Interrupt}
	if !signal.Ignored(syscall.SIGHUP) {
		ends = append(ends, syscall.SIGHUP) // the terminal we were started from is gone
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	defer stop()
	switch err := Serve(ctx, st.In, st.Out, opts); {
	case err == nil:
		return 0
	case errors.Is(err, syscall.EPIPE):
		return 0 // nobody listens any more: not our failure, as with every filter
	default:
		fmt.Fprintln(st.Err, name+err.Error())
		return 1
	}
}

// listen takes the addresses of the original's server, of which only the pipe is served.
func listen(url string) error {
	if url == "stdio" || url == "stdio://" {
		return nil
	}
	if !strings.HasPrefix(url, "ws://") {
		return fmt.Errorf("unsupported --listen URL `%s`; expected `ws://IP:PORT` or `stdio`", url)
	}
	return fmt.Errorf("unsupported --listen URL `%s`: only `stdio` is served; hand the pipe to a socket with an inetd-like wrapper", url)
}
