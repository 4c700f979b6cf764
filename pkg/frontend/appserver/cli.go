package appserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"codex/pkg/cli"
	"codex/pkg/cli/exit"
	"codex/pkg/cli/install"
	"codex/pkg/cli/pipeline"
	"codex/pkg/clock"
	"codex/pkg/config"
	"codex/pkg/rustlog"
	"codex/pkg/termtext"
)

// Process is what the program takes from its process.
type Process struct {
	Args           []string // without the program's name
	Env            []string
	Config         config.Env
	Self           string // path of the executable, see install.Self
	Stdin          io.Reader
	Stdout, Stderr *os.File
	Signals        <-chan os.Signal
	// Die ends the process by a signal.
	Die func(os.Signal, int)
	// Exec becomes another program.
	Exec func(path string, argv, env []string) error
	// Generate writes schemas or types below a folder: "json" or "ts".
	Generate func(kind, dir string, experimental bool) error
}

type flags struct {
	cli.Overrides
	Strict    bool   `name:"strict-config" help:"an unknown key of config.toml is an error"`
	Listen    string `default:"stdio://" placeholder:"URL" help:"where clients come: stdio://, unix://, unix://PATH, ws://IP:PORT or off"`
	Stdio     bool   `name:"stdio" help:"the same as --listen stdio://"`
	Analytics bool   `name:"analytics-default-enabled" hidden:"" help:"accepted and without effect: nothing is sent"`
	Startup   string `name:"startup-client-info" hidden:"" placeholder:"JSON" help:"accepted and without effect: a client says who it is in initialize"`
	Remote    bool   `name:"remote-control" help:"let clients elsewhere in through a relay"`
	Auth      string `name:"ws-auth" enum:",capability-token,signed-bearer-token" default:"" placeholder:"MODE" help:"who may connect to ws://: capability-token or signed-bearer-token"`
	Anybody   bool   `name:"ws-without-auth" help:"let anybody who reaches ws:// connect, from other machines too"`
	TokenFile string `name:"ws-token-file" placeholder:"FILE" help:"file with the capability token"`
	TokenSHA  string `name:"ws-token-sha256" placeholder:"HEX" help:"SHA-256 of the capability token"`
	Secret    string `name:"ws-shared-secret-file" placeholder:"FILE" help:"file with the secret of signed bearer tokens"`
	Issuer    string `name:"ws-issuer" placeholder:"NAME" help:"issuer that signed tokens must name"`
	Audience  string `name:"ws-audience" placeholder:"NAME" help:"audience that signed tokens must name"`
	Skew      int    `name:"ws-max-clock-skew-seconds" default:"-1" placeholder:"N" help:"what clocks may differ by (30)"`

	later

	Serve  struct{} `cmd:"" default:"1" hidden:"" help:"serve clients"`
	Daemon struct {
		Args []string `arg:"" optional:""`
	} `cmd:"" hidden:"" passthrough:"" help:"keep an app-server running: codex-daemon"`
	Proxy struct {
		Sock string `placeholder:"PATH" help:"socket to connect to, instead of the control socket"`
	} `cmd:"" help:"join standard input and output to the control socket"`
	JSON struct {
		Out          string `short:"o" required:"" placeholder:"DIR" help:"folder to write to"`
		Experimental bool   `help:"with experimental methods and members"`
	} `cmd:"" name:"generate-json-schema" help:"write the protocol's JSON Schema"`
	TS struct {
		Out          string `short:"o" required:"" placeholder:"DIR" help:"folder to write to"`
		Prettier     string `short:"p" placeholder:"BIN" help:"accepted and without effect: the output is formatted"`
		Experimental bool   `help:"with experimental methods and members"`
	} `cmd:"" name:"generate-ts" help:"write the protocol's TypeScript types"`
}

// later are options of releases after 0.133.0 that are none here.
type later struct {
	SignOut  bool   `name:"startup-sign-out" hidden:""`
	Print    bool   `name:"print-startup-config" hidden:""`
	Skills   string `name:"cloud-skills-snapshot" hidden:""`
	CodeMode string `name:"code-mode-host" hidden:""`
}

// refused says what serves instead of one that was given.
func (l later) refused() error {
	for _, o := range []struct {
		given         bool
		name, instead string
	}{
		{l.SignOut, "startup-sign-out", "codex logout forgets the credential"},
		{l.Print, "print-startup-config", "codex config shows the settings, and configRequirements/read what an administrator demands"},
		{l.Skills != "", "cloud-skills-snapshot", "skills are folders, codex-skills(5)"},
		{l.CodeMode != "", "code-mode-host", "there is no code mode"},
	} {
		if o.given {
			return exit.Usagef("--%s is not part of this version: %s", o.name, o.instead)
		}
	}
	return nil
}

// Run is codex-app-server.
func Run(ctx context.Context, p Process) error {
	var f flags
	kctx, err := cli.Parse(cli.Program{Name: "codex-app-server", Summary: "Many threads for many clients, over the app-server protocol.", Stdout: p.Stdout, Stderr: p.Stderr}, &f, p.Args)
	if err != nil {
		return err
	}
	if err := f.refused(); err != nil {
		return err
	}
	switch kctx.Command() {
	case "generate-json-schema":
		return p.Generate("json", f.JSON.Out, f.JSON.Experimental)
	case "generate-ts":
		return p.Generate("ts", f.TS.Out, f.TS.Experimental)
	case "proxy":
		return p.proxy(f.Proxy.Sock)
	case "daemon", "daemon <args>":
		path, err := install.Find(p.Self, "daemon", p.Config.Get("PATH"))
		if err != nil {
			return err
		}
		return p.Exec(path, append([]string{"codex-daemon"}, f.Daemon.Args...), p.Env)
	}
	return p.serve(ctx, &f)
}

// target is a --listen URL taken apart.
type target struct{ network, address string }

func parseListen(url string) (target, error) {
	fail := func(format string, args ...any) (target, error) {
		return target{}, exit.Usagef("invalid value '%s' for '--listen <URL>': %s\n\nFor more information, try '--help'.", url, fmt.Sprintf(format, args...))
	}
	switch {
	case url == "stdio://", url == "off":
		return target{network: strings.TrimSuffix(url, "://")}, nil
	case strings.HasPrefix(url, "unix://"):
		return target{"unix", strings.TrimPrefix(url, "unix://")}, nil
	case strings.HasPrefix(url, "ws://"):
		addr := strings.TrimPrefix(url, "ws://")
		if _, err := netip.ParseAddrPort(addr); err != nil {
			return fail("invalid websocket --listen URL `%s`; expected `ws://IP:PORT`", url)
		}
		return target{"tcp", addr}, nil
	}
	return fail("unsupported --listen URL `%s`; expected `stdio://`, `unix://`, `unix://PATH`, `ws://IP:PORT`, or `off`", url)
}

// beyond says whether other machines may reach the address.
func (t target) beyond() bool {
	addr, err := netip.ParseAddrPort(t.address)
	return t.network == "tcp" && (err != nil || !addr.Addr().Unmap().IsLoopback())
}

func (p Process) serve(ctx context.Context, f *flags) error {
	if f.Stdio && f.Listen != "stdio://" {
		return p.failed(exit.Usagef("error: the argument '--stdio' cannot be used with '--listen <URL>'\n\nFor more information, try '--help'."))
	}
	at, err := parseListen(f.Listen)
	if err != nil {
		fmt.Fprintf(p.Stderr, "error: %s\n", termtext.Visible(err.Error()))
		return exit.Silent(exit.Status(err))
	}
	now, err := clock.New(p.Config.Get(clock.Variable))
	if err != nil {
		return err
	}
	check, err := SocketAuth{f.Auth, f.TokenFile, f.TokenSHA, f.Secret, f.Issuer, f.Audience, time.Duration(f.Skew) * time.Second}.Check(p.Config.Cwd, now)
	if err != nil {
		return p.failed(err)
	}
	if at.network == "off" && !f.Remote {
		return p.failed(errors.New("no transport configured; use --listen or enable remote control"))
	}
	if check == nil && !f.Anybody && at.beyond() {
		return p.failed(fmt.Errorf("%s can be reached from other machines, and whoever reaches it can run commands here: say with --ws-auth who may connect, or with --ws-without-auth that anybody may", f.Listen))
	}
	engine, err := install.Find(p.Self, "turn", p.Config.Get("PATH"))
	if err != nil {
		return err
	}
	executor, err := install.Find(p.Self, "sandbox", p.Config.Get("PATH"))
	if err != nil {
		executor = "codex-sandbox" // says why when it is needed
	}
	conf := config.Options{Env: p.Config, Overrides: f.Config, Enable: f.Enable, Disable: f.Disable, Strict: f.Strict, Documents: &config.Documents{}}
	args := conf.Args()
	if f.Strict {
		args = append(args, "--strict-config")
	}
	trace, err := rustlog.New(p.Config.Get, "codex_app_server", p.Stderr, now)
	if err != nil {
		fmt.Fprintf(p.Stderr, "codex-app-server: %v\n", err)
	}
	if strings.EqualFold(p.Config.Get(rustlog.FormatOfPeer), "json") {
		trace.JSON()
		p.Env = append(slices.Clone(p.Env), rustlog.Format+"=json")
	}
	s, err := New(Options{
		Config:     conf,
		Engine:     pipeline.Command{Name: "codex-turn", Path: engine, Args: args},
		Executor:   []string{executor, "serve"},
		Login:      install.Own(p.Self)("codex-login"),
		MCP:        install.Own(p.Self)("codex-mcp"),
		Model:      install.Own(p.Self)("codex-model"),
		Notify:     install.Own(p.Self)("codex-notify"),
		Environ:    p.Env,
		Originator: p.Config.Get("CODEX_INTERNAL_ORIGINATOR_OVERRIDE"),
		Stderr:     p.Stderr, Now: now, Trace: trace,
	})
	if err != nil {
		return err
	}
	if f.Remote {
		s.EnableRemoteControl()
	}
	if at.network == "stdio" {
		return p.stdio(s)
	}
	return p.sockets(ctx, s, at, check)
}

func (p Process) failed(err error) error {
	fmt.Fprintf(p.Stderr, "Error: %s\n", termtext.Visible(err.Error()))
	return exit.Silent(exit.Failed)
}

// stdio serves until the input ends; a signal ends the turns and then this process.
func (p Process) stdio(s *Server) error {
	done := make(chan error, 1)
	go func() { done <- s.ServeStdio(p.Stdin, p.Stdout) }() // ends with the input, or with the process
	closed := make(chan struct{})
	var ending os.Signal
	for {
		select {
		case err := <-done:
			if ending == nil {
				return err
			}
			done = nil // closing ends the input too
		case sig := <-p.Signals:
			switch {
			case sig == syscall.SIGPIPE:
			case ending != nil: // a second one does not wait
				p.Die(sig, exit.Failed)
			default:
				ending = sig
				go func() { // ends with the process
					s.Close()
					close(closed)
				}()
			}
		case <-closed:
			p.Die(ending, exit.Failed)
		}
	}
}

// sockets serves until a signal: the first lets running turns end, a second does not
// wait; SIGHUP never does more than the first.
func (p Process) sockets(ctx context.Context, s *Server, at target, check func([]string) error) error {
	var ln net.Listener
	var err error
	switch at.network {
	case "off": // clients come through the relay alone
	case "unix":
		path := at.address
		switch {
		case path == "":
			path = s.ControlSocket()
			ln, err = ListenControl(ctx, path)
		case !filepath.IsAbs(path):
			path = filepath.Join(p.Config.Cwd, path)
			fallthrough
		default:
			ln, err = ListenUnix(path)
		}
		if err != nil {
			return p.failed(err)
		}
		fmt.Fprintf(p.Stderr, "codex app-server (WebSockets)\n  listening on: unix://%s\n", path)
	default:
		if ln, err = net.Listen("tcp", at.address); err != nil {
			return p.failed(err)
		}
		p.banner(ln.Addr(), check != nil)
	}
	serving, stop := context.WithCancel(ctx)
	defer stop()
	draining, hurry := context.WithCancel(ctx)
	defer hurry()
	drained := make(chan struct{})
	go func() { // ends with the process
		first := true
		for sig := range p.Signals {
			switch {
			case sig == syscall.SIGPIPE: // a client has left, which is nobody's end but its own
			case first:
				first = false
				go func() { // ends when no turn runs, or at the second signal
					s.Drain(draining)
					close(drained)
				}()
			case sig != syscall.SIGHUP:
				hurry()
			}
		}
	}()
	served := make(chan error, 1)
	if ln != nil {
		go func() { served <- s.ServeSocket(serving, ln, check, at.network == "unix") }() // ends with stop
	}
	select {
	case err = <-served:
	case <-drained:
	}
	if ln != nil {
		ln.Close() // and the socket's file
	}
	s.Close()
	stop()
	return err
}

func (p Process) banner(addr net.Addr, auth bool) {
	fmt.Fprintf(p.Stderr, "codex app-server (WebSockets)\n  listening on: ws://%[1]s\n  readyz: http://%[1]s/readyz\n  healthz: http://%[1]s/healthz\n", addr)
	tcp, ok := addr.(*net.TCPAddr)
	switch {
	case ok && tcp.IP.IsLoopback():
		fmt.Fprintln(p.Stderr, "  note: binds localhost only (use SSH port-forwarding for remote access)")
	case !auth:
		fmt.Fprintln(p.Stderr, "  warning: anybody who reaches this address can run commands here: use --ws-auth")
	}
}

// proxy joins standard input and output to a socket, byte by byte.
func (p Process) proxy(path string) error {
	if path == "" {
		home, err := config.Home(p.Config)
		if err != nil {
			return err
		}
		path = controlSocket(home)
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.Config.Cwd, path)
	}
	c, err := net.Dial("unix", path)
	if err != nil {
		return p.failed(fmt.Errorf("failed to connect to socket at %s: %w", path, tooLong(path, err)))
	}
	defer c.Close()
	go func() { // ends with the input, or with the process
		_, _ = io.Copy(c, p.Stdin) // a client that breaks off is one that ends
		if u, ok := c.(*net.UnixConn); ok {
			_ = u.CloseWrite()
		}
	}()
	if _, err := io.Copy(p.Stdout, c); err != nil {
		return fmt.Errorf("read from the server: %w", err)
	}
	return nil
}
