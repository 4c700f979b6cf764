// Package keeper keeps codex-netproxy running for sandboxed commands: one
// process for each set of network settings, started when it is first needed
// and ended with the keeper. What cannot be had leaves a command without a
// network, never with an open one.
//
// It speaks the lines of netproxy/proto with the proxy. Executor layer: it imports
// sandbox, and of the ground policy, install, jsonrpc and netproxy/proto.
package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"sync"

	"codex/pkg/cli/install"
	"codex/pkg/netproxy/proto"
	"codex/pkg/policy"
	"codex/pkg/sandbox"
)

// maxIdle is how many proxies wait for a command with their settings when
// another one is started.
const maxIdle = 3

// Program is the name of the proxy's file.
const Program = "codex-netproxy"

// Keeper starts proxies. Its fields are set before it is used.
type Keeper struct {
	// Program finds the path of codex-netproxy when one is needed; nil finds none.
	Program func() (string, error)
	// Env is the proxy's environment, where proxies in front of it are named.
	Env []string
	// Errors is the proxy's standard error; nil is nowhere.
	Errors *os.File
	// Forking, when set, is held while a proxy is started and made known to Pids.
	Forking sync.Locker

	starting sync.Mutex // held before Forking and mu
	next     int        // needs starting

	mu      sync.Mutex
	proxies map[string]*proxy // by settings
	running []*proxy          // whatever was started and may need reaping
	closed  bool
}

// Events are what a command's owner wants to hear. Both may be nil.
type Events struct {
	// Blocked hears of attempts that were refused, each kind once.
	Blocked func(proto.Attempt)
	// Ask decides about a host in no list. It ends when ctx does.
	Ask func(ctx context.Context, a proto.Attempt) bool
}

// Lease is one command's use of a proxy.
type Lease struct {
	proxy  *proxy
	id     string
	events Events
	ctx    context.Context
	cancel context.CancelFunc
}

// Prepare leads the command of spec to the proxy that spec.Policy.Proxy asks
// for: it sets spec.Proxy and the variables in spec.Env. The lease is closed
// after the command has ended, or was not started. An error leaves spec as it
// is, without a network.
func (k *Keeper) Prepare(spec *sandbox.Spec, e Events) (*Lease, error) {
	settings := spec.Policy.Proxy
	l := &Lease{events: e}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	if err := k.join(l, settings); err != nil {
		l.cancel()
		return nil, fmt.Errorf("network proxy: %w", err)
	}
	ports, err := l.ports(settings.Socks5)
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("network proxy: %w", err)
	}
	spec.Proxy = ports
	socks := ""
	if ports.Socks != 0 {
		socks = loopback(ports.Socks)
	}
	spec.Env = proto.Env(spec.Env, loopback(ports.HTTP), socks, settings)
	return l, nil
}

func loopback(port uint16) string { return "127.0.0.1:" + strconv.Itoa(int(port)) }

// Close ends the command's connections. What was blocked has been told when it
// returns. A nil lease may be closed.
func (l *Lease) Close() {
	if l == nil {
		return
	}
	l.cancel()
	_ = l.proxy.call(proto.Close, proto.CloseParams{ID: l.id}, nil) // an error is the proxy's end
	l.proxy.leave(l)
}

// join finds the running proxy for a lease, or starts one.
func (k *Keeper) join(l *Lease, s *policy.ProxySettings) error {
	first, err := json.Marshal(proto.InitializeParams{Settings: *s, Ask: l.events.Ask != nil})
	if err != nil {
		return err
	}
	k.starting.Lock()
	defer k.starting.Unlock() // whoever comes second waits for the same one
	k.next++
	l.id = strconv.Itoa(k.next)
	if l.proxy, err = k.proxy(first); err != nil {
		return err
	}
	if !l.proxy.enter(l) {
		return errGone
	}
	return nil
}

// proxy gives the proxy whose first line is first. It needs starting.
func (k *Keeper) proxy(first []byte) (*proxy, error) {
	k.mu.Lock()
	p, closed := k.proxies[string(first)], k.closed
	k.mu.Unlock()
	if closed {
		return nil, errors.New("the sandbox is ending")
	}
	if p != nil && !p.over() {
		return p, nil
	}
	if k.Program == nil {
		return nil, errors.New("there is none here")
	}
	path, err := k.Program()
	if err != nil {
		return nil, err
	}
	k.endIdle()
	if p, err = k.start(path); err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	if err := p.call(proto.Initialize, json.RawMessage(first), nil); err != nil {
		p.end()
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.proxies == nil {
		k.proxies = map[string]*proxy{}
	}
	maps.DeleteFunc(k.proxies, func(_ string, p *proxy) bool { return p.over() })
	k.proxies[string(first)] = p
	return p, nil
}

// endIdle ends proxies that no command uses, the oldest first, until few are
// left: settings that have changed seldom come back.
func (k *Keeper) endIdle() {
	k.mu.Lock()
	var idle []*proxy
	for _, p := range k.running {
		if p.idle() {
			idle = append(idle, p)
		}
	}
	k.mu.Unlock()
	for len(idle) > maxIdle {
		idle[0].end()
		idle = idle[1:]
	}
}

func (k *Keeper) start(path string) (*proxy, error) {
	if k.Forking != nil {
		k.Forking.Lock()
		defer k.Forking.Unlock()
	}
	p, err := startProxy(path, k.Env, k.Errors)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.running = append(slices.DeleteFunc(k.running, (*proxy).over), p)
	return p, nil
}

// Pids lists the processes of the proxies that have not been reaped.
func (k *Keeper) Pids() []int {
	k.mu.Lock()
	defer k.mu.Unlock()
	var pids []int
	for _, p := range k.running {
		if !p.over() {
			pids = append(pids, p.cmd.Process.Pid)
		}
	}
	return pids
}

// Close ends the proxies. Everything they said has been heard then.
func (k *Keeper) Close() {
	k.starting.Lock()
	defer k.starting.Unlock()
	k.mu.Lock()
	k.closed = true
	all := k.running
	k.running, k.proxies = nil, nil
	k.mu.Unlock()
	for _, p := range all {
		p.end()
	}
}

// Installed finds the proxy that was installed together with the running
// program.
func Installed() (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	path, err := install.Beside(exe, Program)
	if err != nil {
		return "", fmt.Errorf("%s is not installed together with %s", Program, exe)
	}
	return path, nil
}
