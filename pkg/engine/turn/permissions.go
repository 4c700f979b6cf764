package turn

import (
	"context"
	"path/filepath"
	"slices"

	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/policy"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

// permits are what commands may touch, in all the forms in which it is needed.
type permits struct {
	config.Permissions
	placed  policy.Profile // Profile with its project roots in their place: what is enforced
	nearest policy.Legacy  // what clients and session files are told beside it
	text    []string       // the folders that the model is told it may write
}

// permits puts permissions in force for a working folder.
func (o *Options) permits(p config.Permissions, cwd string) permits {
	out := permits{Permissions: p, placed: p.In()}
	if !out.placed.ReadsAll() {
		out.placed.FileSystem.Entries = append(slices.Clip(out.placed.FileSystem.Entries), o.ownTools()...)
	}
	env := o.policyEnv(cwd)
	out.nearest = out.placed.Legacy(env)
	if out.nearest.Mode == policy.ModeWorkspaceWrite {
		out.text = out.placed.WritableRoots(env)
	}
	return out
}

// policyEnv is where a profile is resolved.
func (o *Options) policyEnv(cwd string) policy.Env {
	home, _ := o.home() // without one there is none to keep from being written
	return policy.Env{Cwd: cwd, Tmpdir: o.Getenv(policy.TempVariable), CodexHome: home, FS: policy.HostFS{}}
}

// ownTools lets a command that sees only what is listed see the programs that come
// first on its PATH.
func (o *Options) ownTools() []policy.Entry {
	if o.PathDir == "" {
		return nil
	}
	read := func(name string) policy.Entry {
		return policy.Entry{Access: policy.AccessRead, Path: policy.Path{Type: policy.PathLiteral, Value: name}}
	}
	out := []policy.Entry{read(o.PathDir)}
	if to, err := filepath.EvalSymlinks(filepath.Join(o.PathDir, "apply_patch")); err == nil && !policy.Below(to, o.PathDir) {
		out = append(out, read(to))
	}
	return out
}

// hidden lists what is denied, as it was written.
func (p *permits) hidden() []string {
	var out []string
	for _, e := range p.placed.FileSystem.Entries {
		if e.Access == policy.AccessNone && e.Path.Type != policy.PathSpecial && !slices.Contains(out, e.Path.Value) {
			out = append(out, e.Path.Value)
		}
	}
	return out
}

// choose takes the working folder, the sandbox policy or permission profile, and the
// project roots that a client sets. What was denied stays denied under another profile,
// until a client asks for no sandbox at all.
func (t *liveThread) choose(next *settings, cwd string, box *protocol.SandboxPolicy, profile *string, roots []string) error {
	if box != nil && profile != nil {
		return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "`permissions` cannot be combined with `sandboxPolicy`")
	}
	old := next.permits
	p := old.Permissions.At(next.cwd, cwd)
	refused := func(why string) error {
		return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "invalid thread settings override: %s", why)
	}
	if roots != nil {
		p.Roots = thread.AbsoluteRoots(roots, cwd)
	}
	switch {
	case box != nil:
		p.ID, p.Extends, p.Profile = "", "", box.Profile()
		if err := t.cfg.AllowSandbox(p.In().Legacy(policy.Env{Cwd: cwd}).Mode); err != nil {
			return refused(err.Error())
		}
		if p.Profile.Type == policy.Managed {
			p.Profile = p.Profile.KeepDenied(old.placed)
		}
	case profile != nil:
		a := *t.over
		a.Cwd, a.Sandbox, a.Permissions = &cwd, nil, profile
		cfg, err := thread.Configure(context.Background(), t.opts.Config, &a)
		if err != nil {
			return thread.Unloadable(err)
		}
		if why := cfg.Permissions.Refused; why != "" {
			return refused(why)
		}
		p.ID, p.Extends, p.Profile = cfg.Permissions.ID, cfg.Permissions.Extends, cfg.Permissions.Profile.KeepDenied(old.placed)
	}
	next.cwd, next.permits = cwd, t.opts.permits(p, cwd)
	return nil
}
