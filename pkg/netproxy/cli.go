package netproxy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/options"
	"codex/pkg/cli/version"
	"codex/pkg/jsonrpc"
	"codex/pkg/netproxy/proto"
	"codex/pkg/policy"
	"codex/pkg/termtext"
)

const program = "codex-netproxy"

// Process is what Main runs in.
type Process struct {
	In, Out, Err *os.File
	Env          []string // the whole environment
}

// flags is a parsed command line.
type flags struct {
	settings policy.ProxySettings
	web      string
	socks    string
	stdio    bool
	help     bool
	version  bool
	list     bool
	command  []string
}

// table gives every option.
func (f *flags) table() []options.Row {
	opt, text, flag := options.New, options.Text, options.Flag
	return []options.Row{
		opt("--allow", "HOST", "let connections to HOST through: a name, *.x, **.x or *", func(host string) error {
			if f.settings.Domains[host] == "" { // a deny entry stays one
				f.settings.Domains[host] = policy.DomainAllow
			}
			return nil
		}),
		opt("--deny", "HOST", "refuse connections to HOST, whatever is allowed", func(host string) error {
			f.settings.Domains[host] = policy.DomainDeny
			return nil
		}),
		opt("--limited", "", "let only GET, HEAD and OPTIONS through, and no tunnels", func(string) error {
			f.settings.Mode = policy.ProxyLimited
			return nil
		}),
		opt("--allow-local", "", "let local and private addresses be reached when they are allowed", flag(&f.settings.LocalBinding)),
		opt("--no-upstream", "", "do not go through the proxy that the environment names", func(string) error {
			f.settings.UpstreamProxy = false
			return nil
		}),
		opt("--http", "ADDR", "listen for HTTP on ADDR", text(&f.web)),
		opt("--socks", "ADDR", "listen for SOCKS5 on ADDR", text(&f.socks)),
		opt("--stdio", "", "take requests on standard input", flag(&f.stdio)),
		opt("-h --help", "", "show this help", flag(&f.help)),
		opt("-V --version", "", "show the version", flag(&f.version)),
		opt(options.ListFlag, "", "print the options as data", flag(&f.list)).Hide(),
	}
}

// commandLine describes the options for help, completion and the check of the
// man page.
func commandLine() options.Set {
	return options.Set{Options: options.Listed(new(flags).table())}
}

// Main does what the words after the program's name say and gives the exit
// status.
func Main(args []string, p Process) int {
	f, err := parse(args)
	if err == nil {
		err = f.run(p)
	}
	return exit.Report(p.Err, program, err)
}

func parse(args []string) (*flags, error) {
	f := &flags{settings: policy.DefaultProxy()}
	f.settings.Domains = map[string]string{}
	p := &options.Parser{Command: true, Options: f.table(), Enough: func() bool { return f.command != nil || f.help || f.version || f.list }}
	p.Word = func(word string, literal bool) error {
		if !literal {
			return exit.Usagef("unexpected argument '%s' found; a command comes after --", word)
		}
		f.command = append([]string{word}, p.Rest()...)
		return nil
	}
	if _, err := p.Parse(args); err != nil {
		return nil, err
	}
	if f.command == nil && len(args) > 0 && args[len(args)-1] == "--" {
		return nil, exit.Usagef("no command after --")
	}
	if f.stdio && (f.command != nil || f.web != "" || f.socks != "" || len(f.settings.Domains) > 0) {
		return nil, exit.Usagef("--stdio takes its settings from the first line, not from options")
	}
	return f, nil
}

func (f *flags) run(p Process) error {
	switch {
	case f.help:
		return writeHelp(p.Out)
	case f.version:
		_, err := fmt.Fprintln(p.Out, version.Line(program))
		return err
	case f.list:
		return options.Write(p.Out, commandLine())
	case f.stdio:
		return Control(p.In, p.Out, p.Env)
	}
	o, err := FromSettings(f.settings, p.Env)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	if f.command != nil {
		o.Blocked = func(a proto.Attempt) { fmt.Fprintf(termtext.Stream(p.Err), "%s: %s\n", program, a.Message) }
	} else {
		out := jsonrpc.NewWriter(p.Out)
		o.Blocked = func(a proto.Attempt) { _ = out.Notify(proto.Blocked, a) }
	}
	return f.serve(o, p)
}

// serve listens, and runs the command or waits for the end.
func (f *flags) serve(o Options, p Process) error {
	if f.web == "" && f.socks == "" {
		f.web, f.socks = "127.0.0.1:3128", "127.0.0.1:8081"
		if f.command != nil { // whoever runs two such commands should not need to count
			f.web, f.socks = "127.0.0.1:0", "127.0.0.1:0"
		}
	}
	var web, socks net.Listener
	var at proto.ListenResult
	var err error
	if f.web != "" {
		if web, err = listen(f.web); err != nil {
			return err
		}
		at.HTTP = web.Addr().String()
	}
	if f.socks != "" {
		if socks, err = listen(f.socks); err != nil {
			return err
		}
		at.Socks = socks.Addr().String()
	}
	proxy := New(o)
	service := proxy.Serve("", web, socks)
	defer proxy.Close()
	defer service.Close()

	ends := make(chan os.Signal, 8)
	signal.Notify(ends, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(ends)
	if f.command == nil {
		if err := jsonrpc.NewWriter(p.Out).Notify("listening", at); err != nil {
			return fmt.Errorf("say where: %w", err)
		}
		s := (<-ends).(syscall.Signal)
		return exit.Silent(128 + int(s))
	}
	if at.HTTP == "" {
		return exit.Usagef("a command needs --http")
	}
	cmd := exec.Command(f.command[0], f.command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.In, p.Out, p.Err
	cmd.Env = proto.Env(p.Env, at.HTTP, at.Socks, &f.settings)
	return runCommand(cmd, ends)
}

// statusOf is a command's exit status, 128+n when signal n ended it.
func statusOf(p *os.ProcessState) int {
	if ws := p.Sys().(syscall.WaitStatus); ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return p.ExitCode()
}

// runCommand waits for the command and passes signals on; the terminal's
// interrupt reaches it by itself.
func runCommand(cmd *exec.Cmd, signals <-chan os.Signal) error {
	if err := cmd.Start(); err != nil {
		status := 126
		if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
			status = 127
		}
		return exit.With(status, fmt.Errorf("run command: %w", err))
	}
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if s != os.Interrupt {
				cmd.Process.Signal(s)
			}
		case err := <-over:
			var ended *exec.ExitError
			if !errors.As(err, &ended) {
				return err
			}
			return exit.Silent(statusOf(ended.ProcessState))
		}
	}
}

func writeHelp(w io.Writer) error {
	_, err := fmt.Fprint(w, `Let programs reach the hosts on a list, and no others.

Usage: codex-netproxy [OPTIONS] [-- COMMAND [ARGS]...]
       codex-netproxy --stdio

Options:
`)
	if err != nil {
		return err
	}
	return options.Help(w, commandLine().Options)
}
