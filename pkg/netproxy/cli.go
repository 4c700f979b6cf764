package netproxy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
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

// commandLine describes the options for help, completion and the check of the
// man page.
func commandLine() options.Set {
	return options.Set{Options: []options.Option{
		{Long: "--allow", Value: "HOST", Help: "let connections to HOST through: a name, *.x, **.x or *"},
		{Long: "--deny", Value: "HOST", Help: "refuse connections to HOST, whatever is allowed"},
		{Long: "--limited", Help: "let only GET, HEAD and OPTIONS through, and no tunnels"},
		{Long: "--allow-local", Help: "let local and private addresses be reached when they are allowed"},
		{Long: "--no-upstream", Help: "do not go through the proxy that the environment names"},
		{Long: "--http", Value: "ADDR", Help: "listen for HTTP on ADDR"},
		{Long: "--socks", Value: "ADDR", Help: "listen for SOCKS5 on ADDR"},
		{Long: "--stdio", Help: "take requests on standard input"},
		{Short: "-h", Long: "--help", Help: "show this help"},
		{Short: "-V", Long: "--version", Help: "show the version"},
		{Long: options.ListFlag, Hidden: true, Help: "print the options as data"},
	}}
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
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		name, value, glued := strings.Cut(word, "=")
		switch name {
		case "--allow", "--deny", "--http", "--socks":
			if !glued {
				if len(args) == 0 {
					return nil, exit.Usagef("a value is required for '%s' but none was supplied", name)
				}
				value, args = args[0], args[1:]
			}
		}
		switch name {
		case "--allow":
			if f.settings.Domains[value] == "" { // a deny entry stays one
				f.settings.Domains[value] = policy.DomainAllow
			}
			continue
		case "--deny":
			f.settings.Domains[value] = policy.DomainDeny
			continue
		case "--http":
			f.web = value
			continue
		case "--socks":
			f.socks = value
			continue
		}
		switch word {
		case "--limited":
			f.settings.Mode = policy.ProxyLimited
		case "--allow-local":
			f.settings.LocalBinding = true
		case "--no-upstream":
			f.settings.UpstreamProxy = false
		case "--stdio":
			f.stdio = true
		case "-h", "--help":
			f.help = true
		case "-V", "--version":
			f.version = true
		case options.ListFlag:
			f.list = true
		case "--":
			f.command, args = args, nil
			if len(f.command) == 0 {
				return nil, exit.Usagef("no command after --")
			}
		default:
			return nil, exit.Usagef("unexpected argument '%s' found; a command comes after --", word)
		}
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
	for _, o := range commandLine().Options {
		if !o.Hidden {
			fmt.Fprintf(w, "  %-20s %s\n", o.Usage(), o.Help)
		}
	}
	return err
}
