package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/version"
	"codex/pkg/onexec"
)

// Streams are what Main works on, so that it can be run without a process.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

const help = `codex exec-server: serve commands and files to an engine over a pipe

Usage: codex exec-server [--listen stdio]

  --listen URL   stdio or stdio:// (the default)
  -c, --config KEY=VALUE, --enable FEATURE, --disable FEATURE, --strict-config
                 taken, and without effect: a client says what its commands may
  -h, --help     print help
  -V, --version  print the version
`

// Main is "codex-sandbox serve" and "codex exec-server": args are the words after that.
// It answers until the input ends, or SIGTERM, SIGHUP or SIGINT comes, and gives the exit
// status: 0, 1 for an error, 2 for a wrong command line.
func Main(args []string, st Streams, opts Options) int {
	const name = "codex-sandbox"
	answered, err := answer(args, st.Out)
	if err == nil && !answered {
		err = enoughFiles()
	}
	if err != nil || answered {
		return exit.Report(st.Err, name, err)
	}
	_ = onexec.Close() // else children get what we were given
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
		return exit.Report(st.Err, name, err)
	}
}

// answer reads the command line, and does what it is asked for if that is not to serve.
func answer(args []string, out io.Writer) (answered bool, err error) {
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		value, glued := strings.CutPrefix(word, "--listen=")
		option, _, given := strings.Cut(word, "=")
		switch {
		case word == "--strict-config" || word == "--exit-on-stdin-close": // it always does
			continue
		case setting(option):
			if len(word) == 2 || word[1] == '-' && !given {
				if len(args) == 0 {
					return false, exit.Usagef("a value is required for '%s' but none was supplied", word)
				}
				args = args[1:]
			}
			continue
		case word == "-h" || word == "--help":
			_, err := io.WriteString(out, help)
			return true, err
		case word == "-V" || word == "--version":
			_, err := fmt.Fprintln(out, version.Line("codex-sandbox"))
			return true, err
		case word == "--listen" && len(args) == 0:
			return false, exit.Usagef("a value is required for '--listen <URL>' but none was supplied")
		case word == "--listen":
			value, args = args[0], args[1:]
		case ofSockets(option): // without its value, which may be a secret
			return false, exit.Usagef("%s is not part of this version: an executor serves the pipe that it is started with; ssh, or an inetd-like wrapper, leads it elsewhere", option)
		case !glued:
			return false, exit.Usagef("unexpected argument '%s' found", word)
		}
		if err := listen(value); err != nil {
			return false, err
		}
	}
	return false, nil
}

// setting says whether an option is about config.toml. The original takes those, and
// here as there an executor has no use for them: whoever starts a command says what it may.
func setting(option string) bool {
	return strings.HasPrefix(option, "-c") || option == "--config" || option == "--enable" || option == "--disable"
}

// ofSockets says whether an option is one of the original for executors that are reached
// through the network, or that reach for it.
func ofSockets(option string) bool {
	switch option {
	case "--environment-id", "--name", "--use-agent-identity-auth", "--registration-bearer-stdin", "--executor-credential-stdin",
		"--proxy-private-ips-via-upstream", "--concurrent-requests", "--tcp-upstream-proxy":
		return true
	}
	return slices.ContainsFunc([]string{"--ws-", "--remote", "--chatgpt-", "--aws-", "--linux-sandbox-"}, func(begin string) bool { return strings.HasPrefix(option, begin) })
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
