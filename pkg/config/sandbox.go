package config

import (
	"path/filepath"
	"slices"
	"strings"
)

// readSandbox decides the sandbox mode and what may be written.
func (c *Config) readSandbox(o Options, t view) error {
	w := t.table("sandbox_workspace_write")
	c.Workspace = WorkspaceWrite{
		WritableRoots: w.list("writable_roots"), NetworkAccess: w.flag(false, "network_access"),
		ExcludeTmpdir: w.flag(false, "exclude_tmpdir_env_var"), ExcludeSlashTmp: w.flag(false, "exclude_slash_tmp"),
	}
	mode := t.word("sandbox_mode")
	c.SandboxModeExplicit = true
	switch {
	case o.Bypass:
		mode = "danger-full-access"
	case o.Sandbox != "":
		mode = o.Sandbox
	case o.FullAuto:
		mode = "workspace-write"
	case t["default_permissions"] != nil || t["permissions"] != nil:
		m, err := c.permissionProfile(t)
		if err != nil {
			return err
		}
		mode = m
	case mode != "":
	case c.Trust != "":
		mode, c.SandboxModeExplicit = "workspace-write", false
	default:
		mode, c.SandboxModeExplicit = "read-only", false
	}
	c.SandboxMode = mode
	ws := &c.Workspace
	for _, d := range o.AddDirs {
		d = o.Env.absolute(d, c.Cwd)
		if !slices.Contains(ws.WritableRoots, d) {
			ws.WritableRoots = slices.Insert(ws.WritableRoots, ws.Added, d)
			ws.Added++
		}
	}
	return nil
}

// permissionProfile reads default_permissions: a built-in name, or a table of
// [permissions]. The latter is taken as the nearest sandbox mode that grants no
// more: what it says beyond that is reported.
func (c *Config) permissionProfile(t view) (mode string, err error) {
	name := t.str("default_permissions")
	switch name {
	case "":
		return "", plain("config defines `[permissions]` profiles but does not set `default_permissions`")
	case ":read-only":
		return "read-only", nil
	case ":workspace":
		return "workspace-write", nil
	case ":danger-full-access":
		return "danger-full-access", nil
	}
	if strings.HasPrefix(name, ":") {
		return "", plain("default_permissions refers to unknown built-in profile `%s`", name)
	}
	if t["permissions"] == nil {
		return "", plain("default_permissions requires a `[permissions]` table")
	}
	p := t.table("permissions", name)
	if p == nil {
		return "", plain("default_permissions refers to undefined profile `%s`", name)
	}
	mode = "read-only"
	c.Workspace = WorkspaceWrite{NetworkAccess: p.flag(false, "network", "enabled"), ExcludeTmpdir: true, ExcludeSlashTmp: true}
	var lost []string
	for path, access := range p.table("filesystem") {
		a, _ := access.(string)
		switch {
		case path == "glob_scan_max_depth" || a == "read":
		case a == "write" && filepath.IsAbs(path) && filepath.Clean(path) != filepath.VolumeName(path)+string(filepath.Separator):
			mode = "workspace-write"
			c.Workspace.WritableRoots = append(c.Workspace.WritableRoots, filepath.Clean(path))
		default:
			lost = append(lost, path)
		}
	}
	slices.Sort(c.Workspace.WritableRoots)
	if len(lost) > 0 {
		slices.Sort(lost)
		c.Warnings = append(c.Warnings, "Permission profile `"+name+"` has entries that are not supported and were left out: "+strings.Join(lost, ", "))
	}
	return mode, nil
}
