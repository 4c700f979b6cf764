package config

import (
	"path/filepath"
	"slices"

	"codex/pkg/policy"
)

// readSandbox decides what may be touched: by a permission profile, or by a
// sandbox mode and the settings of workspace-write.
func (c *Config) readSandbox(o Options, t view) error {
	w := t.table("sandbox_workspace_write")
	c.Workspace = WorkspaceWrite{
		WritableRoots: w.list("writable_roots"), NetworkAccess: w.flag(false, "network_access"),
		ExcludeTmpdir: w.flag(false, "exclude_tmpdir_env_var"), ExcludeSlashTmp: w.flag(false, "exclude_slash_tmp"),
	}
	ws := &c.Workspace
	for _, d := range o.AddDirs {
		d = o.Env.absolute(d, c.Cwd)
		if !slices.Contains(ws.WritableRoots, d) {
			ws.WritableRoots = slices.Insert(ws.WritableRoots, ws.Added, d)
			ws.Added++
		}
	}
	own := t.table("permissions")
	tables, err := c.req.tables(own)
	if err != nil {
		return err
	}
	p := &profiles{tables: tables, env: o.Env, cwd: c.Cwd}
	if err := p.checkNames(); err != nil {
		return err
	}
	name, mode, fromFile := c.permissionWords(o, t)
	if o.ByHand && fromFile && mode != "" {
		mode = policy.ModeReadOnly
	}
	c.Permissions.Roots = []string{c.Cwd}
	switch {
	case c.req.permissions.set:
		c.SandboxModeExplicit = true
		err = c.setAllowed(p, name, mode)
	case mode != "":
		c.SandboxModeExplicit = true
		c.setMode(mode)
	case name != nil:
		c.SandboxModeExplicit = true
		err = c.setProfile(p, *name, ws.WritableRoots[:ws.Added])
	case len(own) > 0:
		err = plain("config defines `[permissions]` profiles but does not set `default_permissions`")
	case c.Trust != "" && !o.ByHand:
		if w == nil { // else it is the mode with these settings, not the profile
			c.Permissions.ID = profileWorkspace
		}
		c.setMode(policy.ModeWorkspaceWrite)
	default:
		c.Permissions.ID = profileReadOnly
		c.setMode(policy.ModeReadOnly)
	}
	c.Warnings = append(c.Warnings, p.warn...)
	return err
}

// setAllowed puts one of the permission profiles in force that requirements
// allow. A sandbox mode stands for the built-in profile that it is like.
func (c *Config) setAllowed(p *profiles, name *string, mode string) error {
	id := ""
	switch {
	case name != nil && *name == profileNoSandbox, name == nil && mode == policy.ModeFullAccess:
		id = profileFullAccess
	case name != nil:
		id = *name
	case mode == policy.ModeWorkspaceWrite, mode == "" && c.Trust != "":
		id = profileWorkspace
	default:
		id = profileReadOnly
	}
	use, why, err := c.req.choose(p, id)
	if err != nil {
		return err
	}
	if why != "" {
		if _, err := p.compile(id); err != nil {
			return err
		}
		c.fallBack("permission_profile", "`"+use+"`", why)
		c.Permissions.Refused = why
	}
	return c.setProfile(p, use, c.Workspace.WritableRoots[:c.Workspace.Added])
}

// permissionWords finds the permission profile or else the sandbox mode that
// somebody asked for. Both can be set in different places: flags come first,
// then the -c arguments, the active profile, and the highest file that sets
// one; in the same place the permission profile wins.
func (c *Config) permissionWords(o Options, t view) (name *string, mode string, fromFile bool) {
	switch {
	case o.Bypass:
		return nil, policy.ModeFullAccess, false
	case o.Sandbox != "":
		return nil, o.Sandbox, false
	case o.FullAuto:
		return nil, policy.ModeWorkspaceWrite, false
	case o.Permissions != nil:
		return o.Permissions, "", false
	}
	id := t.str("default_permissions")
	in := func(tree map[string]any) (found bool) {
		switch {
		case tree["default_permissions"] != nil:
			name = &id
		case tree["sandbox_mode"] != nil:
			mode = t.word("sandbox_mode")
		}
		return name != nil || mode != ""
	}
	if slices.ContainsFunc(c.Layers, func(l Layer) bool { return l.Name == LayerFlags && in(l.Tree) }) {
		return name, mode, false
	}
	if t.table("profiles", c.Profile)["sandbox_mode"] != nil {
		return nil, t.word("sandbox_mode"), true
	}
	for _, l := range slices.Backward(c.Layers) {
		if l.Disabled == "" && in(l.Tree) {
			break
		}
	}
	return name, mode, true
}

// setMode puts the profile of a sandbox mode in force.
func (c *Config) setMode(mode string) {
	c.SandboxMode = mode
	switch mode {
	case policy.ModeFullAccess:
		c.Permissions.Profile = policy.FullAccess()
	case policy.ModeWorkspaceWrite:
		w := c.Workspace
		c.Permissions.Profile = policy.WorkspaceWrite(policy.WriteOptions{WritableRoots: w.WritableRoots[w.Added:], Network: w.NetworkAccess,
			ExcludeTmpdir: w.ExcludeTmpdir, ExcludeSlashTmp: w.ExcludeSlashTmp})
		c.addRoots(w.WritableRoots)
		c.grantMemories()
	default:
		c.Permissions.Profile = policy.ReadOnly()
	}
}

// setProfile puts a permission profile in force. added are folders of the
// command line, which become project roots.
func (c *Config) setProfile(p *profiles, name string, added []string) error {
	got, err := p.compile(name)
	if err != nil {
		return err
	}
	c.Permissions.ID, c.Permissions.Extends, c.Permissions.Profile = got.id, got.extends, got.profile
	c.addRoots(added)
	fs := &c.Permissions.Profile.FileSystem
	own := fs.Entries
	for _, e := range own {
		if only := (policy.Profile{FileSystem: policy.FileSystem{Entries: []policy.Entry{e}}}); only.Dynamic() {
			fs.Entries = append(fs.Entries, only.In(got.roots).FileSystem.Entries...)
		}
	}
	c.grantMemories()
	c.SandboxMode = c.Permissions.In().Legacy(policy.Env{Cwd: c.Cwd}).Mode
	if c.SandboxMode == policy.ModeExternal {
		c.SandboxMode = policy.ModeFullAccess
	}
	return nil
}

// addRoots makes folders project roots.
func (c *Config) addRoots(dirs []string) {
	for _, d := range dirs {
		if !slices.Contains(c.Permissions.Roots, d) {
			c.Permissions.Roots = append(c.Permissions.Roots, d)
		}
	}
}

// grantMemories lets a profile that writes anything write the memories too.
func (c *Config) grantMemories() {
	p := &c.Permissions.Profile
	if p.Writes() {
		p.FileSystem.Entries = append(p.FileSystem.Entries, policy.Entry{Access: policy.AccessWrite,
			Path: policy.Path{Type: policy.PathLiteral, Value: filepath.Join(c.Home, "memories")}})
	}
}
