// Package netproxy holds the sandbox and codex-netproxy together against programs that
// use the network as they do, and as an attacker does. Servers on the loopback interface
// play the internet.
package netproxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"codex/pkg/netproxy/keeper"
	"codex/pkg/netproxy/proto"
	"codex/pkg/policy"
	"codex/pkg/sandbox"
	"codex/tests/programs"
)

// binaries is where the built programs are.
var binaries string

// roleVariable makes the test binary play the part of a command in a sandbox.
const roleVariable = "NETPROXY_TEST_ROLE"

func TestMain(m *testing.M) {
	sandbox.Init()
	if role := os.Getenv(roleVariable); role != "" {
		if err := attack(role, os.Args[1:]); err != nil {
			fmt.Println(err)
			syscall.Exit(1)
		}
		syscall.Exit(0)
	}
	os.Exit(programs.Run(m, &binaries, "codex-netproxy", "codex-sandbox", "codex-turn", "codex-model", "codex-execpolicy"))
}

// attack tries one thing; nil is that it worked.
func attack(name string, args []string) error {
	socket := func(family, kind, proto int) error {
		fd, err := unix.Socket(family, kind, proto)
		if err == nil {
			unix.Close(fd)
		}
		return err
	}
	arg := func(i int) string {
		if i < len(args) {
			return args[i]
		}
		return ""
	}
	switch name {
	case "tcp", "udp", "unix", "unixgram":
		c, err := net.DialTimeout(name, arg(0), 5*time.Second)
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.Write([]byte("x"))
		return err
	case "listen":
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err == nil {
			l.Close()
		}
		return err
	case "listen-any": // listen without bind takes a port of its own
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		return unix.Listen(fd, 1)
	case "fastopen": // sendto that connects
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		return unix.Sendto(fd, []byte("x"), unix.MSG_FASTOPEN, &unix.SockaddrInet4{Port: 1, Addr: [4]byte{127, 0, 0, 1}})
	case "inet-stream":
		return socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	case "inet6-stream":
		return socket(unix.AF_INET6, unix.SOCK_STREAM, unix.IPPROTO_TCP)
	case "inet-dgram":
		return socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	case "inet6-dgram":
		return socket(unix.AF_INET6, unix.SOCK_DGRAM, 0)
	case "raw":
		return socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)
	case "ping":
		return socket(unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP)
	case "mptcp":
		return socket(unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP)
	case "sctp":
		return socket(unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_SCTP)
	case "packet":
		return socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	case "netlink":
		return socket(unix.AF_NETLINK, unix.SOCK_RAW, 0)
	case "vsock":
		return socket(unix.AF_VSOCK, unix.SOCK_STREAM, 0)
	case "unix-stream":
		return socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	case "unix-dgram":
		return socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	case "pair":
		_, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		return err
	case "pair-dgram":
		_, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
		return err
	case "unshare-net":
		return unix.Unshare(unix.CLONE_NEWUSER | unix.CLONE_NEWNET)
	case "setns":
		fd, err := unix.Open("/proc/1/ns/net", unix.O_RDONLY, 0)
		if err != nil {
			return err
		}
		return unix.Setns(fd, unix.CLONE_NEWNET)
	case "lo-down":
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		lo, err := unix.NewIfreq("lo")
		if err != nil {
			return err
		}
		return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
	case "peer-credentials": // of the proxy's end: nobody we can signal
		c, err := net.Dial("tcp", arg(0))
		if err != nil {
			return err
		}
		raw, _ := c.(*net.TCPConn).SyscallConn()
		var cred *unix.Ucred
		raw.Control(func(fd uintptr) { cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
		if err == nil && cred.Pid > 0 {
			return syscall.Kill(int(cred.Pid), 0)
		}
		return errors.New("nobody")
	case "interfaces":
		all, err := os.ReadFile("/proc/net/dev")
		if err != nil {
			return err
		}
		for _, line := range strings.Split(string(all), "\n")[2:] {
			name, _, ok := strings.Cut(strings.TrimSpace(line), ":")
			if ok && name != "lo" && strings.Trim(line[strings.Index(line, ":")+1:], " 0") != "" {
				return nil // an interface that has carried something
			}
		}
		routes, err := os.ReadFile("/proc/net/route")
		if err != nil || bytes.Count(routes, []byte("\n")) > 1 {
			return nil
		}
		return errors.New("loopback only")
	case "sees-port": // a listener of the host's in our tables
		b, err := os.ReadFile("/proc/net/tcp")
		if err != nil {
			return err
		}
		var port uint16
		fmt.Sscan(arg(0), &port)
		if !bytes.Contains(b, []byte(fmt.Sprintf(":%04X ", port))) {
			return errors.New("not listed")
		}
		return nil
	}
	return fmt.Errorf("unknown attack %q", name)
}

// bench is a place to run commands in, behind a proxy.
type bench struct {
	dir    string
	keeper *keeper.Keeper
	t      *testing.T

	mu      sync.Mutex
	blocked []proto.Attempt
	ask     func(context.Context, proto.Attempt) bool
	reserve sandbox.Reserve
}

func newBench(t *testing.T) *bench {
	t.Helper()
	if s := sandbox.Probe(); !s.Spaces {
		t.Skipf("no namespaces here: %s", s.Reason)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{dir: dir, t: t}
	b.keeper = &keeper.Keeper{Program: func() (string, error) { return filepath.Join(binaries, keeper.Program), nil }, Env: []string{"PATH=/usr/bin"}, Errors: os.Stderr}
	t.Cleanup(func() {
		b.reserve.Close()
		b.keeper.Close()
	})
	return b
}

// settings allow the words that are hosts, deny those after a "!"; "+" is local binding.
func settings(words string) *policy.ProxySettings {
	s := policy.DefaultProxy()
	s.Domains = map[string]string{}
	for _, w := range strings.Fields(words) {
		switch {
		case w == "+":
			s.LocalBinding = true
		case w == "limited":
			s.Mode = w
		case w == "no-socks":
			s.Socks5 = false
		case w[0] == '!':
			s.Domains[w[1:]] = policy.DomainDeny
		default:
			s.Domains[w] = policy.DomainAllow
		}
	}
	return &s
}

type result struct {
	out  string
	code int
}

func (b *bench) profile(s *policy.ProxySettings) policy.Profile {
	p := policy.WorkspaceWrite(policy.WriteOptions{ExcludeSlashTmp: true, Network: true})
	p.Proxy = s
	return p
}

// run runs a command in the workspace under a profile.
func (b *bench) run(p policy.Profile, argv ...string) result {
	b.t.Helper()
	return b.start(p, nil, argv...)()
}

// start starts a command; what it gives waits for the end.
func (b *bench) start(p policy.Profile, extra []string, argv ...string) func() result {
	b.t.Helper()
	pol, err := p.Resolve(policy.Env{Cwd: b.dir, FS: policy.HostFS{}})
	if err != nil {
		b.t.Fatal(err)
	}
	spec := sandbox.Spec{Policy: pol, Argv: argv, Dir: b.dir, Env: append([]string{"PATH=/usr/bin:/bin", "HOME=" + b.dir, "http_proxy=http://evil.test"}, extra...)}
	lease, err := b.keeper.Prepare(&spec, keeper.Events{Ask: b.ask, Blocked: func(a proto.Attempt) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.blocked = append(b.blocked, a)
	}})
	if err != nil {
		b.t.Logf("no proxy: %v", err)
	}
	c, err := sandbox.Command(context.Background(), spec)
	if err != nil {
		b.t.Fatal(err)
	}
	out, err := os.CreateTemp(b.t.TempDir(), "out")
	if err != nil {
		b.t.Fatal(err)
	}
	c.Stdout, c.Stderr = out, out
	c.UseReserve(&b.reserve)
	if err := c.Start(); err != nil {
		b.t.Fatal(err)
	}
	return func() result {
		b.t.Helper()
		c.Wait()
		lease.Close()
		text, _ := os.ReadFile(out.Name())
		out.Close()
		return result{strings.TrimSpace(string(text)), c.Exit().Code}
	}
}

func (b *bench) sh(words, script string) result {
	b.t.Helper()
	return b.run(b.profile(settings(words)), "sh", "-c", script)
}

// attack runs the test binary in one of its roles.
func (b *bench) attack(p policy.Profile, name string, args ...string) result {
	b.t.Helper()
	self, err := os.Executable()
	if err != nil {
		b.t.Fatal(err)
	}
	return b.start(p, []string{roleVariable + "=" + name}, append([]string{self}, args...)...)()
}

// heard gives what was blocked since the last call.
func (b *bench) heard() []proto.Attempt {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.blocked
	b.blocked = nil
	return all
}

// sink counts connections and datagrams that should not come.
type sink struct {
	tcp, tcp6 net.Listener
	udp       net.PacketConn
	unix      net.Listener
	abstract  net.Listener
	mu        sync.Mutex
	hits      []string
}

func newSink(t *testing.T) *sink {
	t.Helper()
	s := &sink{}
	hit := func(what string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.hits = append(s.hits, what)
	}
	listen := func(network, addr string) net.Listener {
		l, err := net.Listen(network, addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				hit(network + " " + addr)
				c.Close()
			}
		}()
		return l
	}
	s.tcp = listen("tcp", "127.0.0.1:0")
	s.tcp6 = listen("tcp", "[::1]:0")
	s.unix = listen("unix", filepath.Join(t.TempDir(), "sock"))
	s.abstract = listen("unix", fmt.Sprintf("@netproxy-test-%d", os.Getpid()))
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.udp = udp
	t.Cleanup(func() { udp.Close() })
	go func() {
		b := make([]byte, 10)
		for {
			if _, _, err := udp.ReadFrom(b); err != nil {
				return
			}
			hit("udp")
		}
	}()
	return s
}

func (s *sink) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hits
}
