//go:build linux

package linux

import (
	"context"
	"errors"
	"os"

	"codex/pkg/policy"
)

// networkOnly reports whether pol holds a command in nothing but the network.
func networkOnly(pol policy.Policy) bool {
	return pol.FullDiskWrite && pol.FullDiskRead && len(pol.Denied)+len(pol.DeniedGlobs) == 0
}

// planFor chooses the mechanism and says what the init process is to do.
func planFor(ctx context.Context, spec Spec) (*plan, error) {
	pol := spec.Policy
	p := &plan{dir: spec.Dir, prog: spec.Prog, argv: spec.Argv, env: spec.Env}
	if pol.Network {
		p.flags |= flagNetwork
	}
	if spec.Take != nil {
		p.throughProxy(spec)
	}
	if spec.Tty {
		p.flags |= flagTty
	}
	if !pol.FullDiskRead {
		p.flags |= flagOnlyListed
		p.links = pol.Links
	}
	p.readable = pol.Readable
	if networkOnly(pol) && !p.has(flagProxy) {
		p.mode, p.flags = modeSeccomp, p.flags|flagFullWrite
		return p, nil
	}
	for _, w := range pol.Writable {
		if _, err := os.Lstat(w.Path); errors.Is(err, os.ErrNotExist) {
			continue // gone since the policy was resolved
		}
		p.roots = append(p.roots, root{path: w.Path, id: w.ID, readOnly: w.ReadOnly})
	}
	p.denied = pol.Denied
	sup := spec.Support()
	if err := sup.refuses(pol, spec.Alone); err != nil {
		return nil, err
	}
	var err error
	if p.hidden, err = deniedNow(ctx, pol); err != nil {
		return nil, err
	}
	p.within(sup, spec.NoNetwork)
	return p, nil
}

// within fits the plan to what the kernel gives.
func (p *plan) within(sup Support, noNetwork string) {
	if !sup.Spaces {
		p.mode = modeLandlock
		p.withoutProxy(noNetwork)
	}
	if sup.AsRoot {
		p.flags |= flagAsRoot
	}
	if !sup.Seccomp {
		p.flags |= flagNoFilter
	}
}

// throughProxy makes the plan one for a command behind the proxy.
func (p *plan) throughProxy(spec Spec) {
	p.flags |= flagProxy
	p.ports = spec.Ports
	if spec.Policy.Proxy.LocalBinding {
		p.flags |= flagBind
	}
	if spec.Policy.FullDiskWrite {
		p.roots = []root{{path: "/"}} // only namespaces give it a network of its own
	}
}

// withoutProxy takes that back where there are no namespaces: then there is no
// network, which a variable tells.
func (p *plan) withoutProxy(variable string) {
	if !p.has(flagProxy) {
		return
	}
	p.flags &^= flagProxy | flagBind
	p.env = append(p.env[:len(p.env):len(p.env)], variable)
	if len(p.roots) > 0 && p.roots[0].path == "/" {
		p.mode, p.flags, p.roots = modeSeccomp, p.flags|flagFullWrite, nil
	}
}
