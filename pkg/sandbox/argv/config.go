package argv

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"codex/pkg/policy"
)

// settings is the part of the configuration that a sandboxed command needs.
type settings struct {
	SandboxMode    string         `toml:"sandbox_mode"`
	WorkspaceWrite workspaceWrite `toml:"sandbox_workspace_write"`
	Environment    environment    `toml:"shell_environment_policy"`
}

type workspaceWrite struct {
	WritableRoots       []string `toml:"writable_roots"`
	NetworkAccess       bool     `toml:"network_access"`
	ExcludeTmpdirEnvVar bool     `toml:"exclude_tmpdir_env_var"`
	ExcludeSlashTmp     bool     `toml:"exclude_slash_tmp"`
}

// load reads config.toml below home, when it is there, and the overrides on
// top. The file's own sandbox_mode does not count: a command started by hand
// is read-only until the command line says otherwise (sandbox spec §1).
func load(home string, overrides []string) (settings, error) {
	var s settings
	name := filepath.Join(home, "config.toml")
	if b, err := os.ReadFile(name); err == nil {
		if err := toml.Unmarshal(b, &s); err != nil {
			return s, fmt.Errorf("read %s: %w", name, err)
		}
	} else if !os.IsNotExist(err) {
		return s, fmt.Errorf("read configuration: %w", err)
	}
	s.SandboxMode = ""
	for _, kv := range overrides {
		key, value, ok := strings.Cut(kv, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok {
			return s, fmt.Errorf("invalid override (missing '='): %s", kv)
		}
		if key == "" {
			return s, fmt.Errorf("empty key in override: %s", kv)
		}
		if err := s.override(key, value); err != nil {
			return s, err
		}
	}
	switch s.SandboxMode {
	case "", ReadOnly, WorkspaceWrite, FullAccess:
	default:
		return s, fmt.Errorf("unknown variant `%s`, expected one of `%s`, `%s`, `%s`\nin `sandbox_mode`",
			s.SandboxMode, ReadOnly, WorkspaceWrite, FullAccess)
	}
	return s, nil
}

// override sets one key. The value is TOML, or a string when it does not
// parse as that; keys that are none of ours are let through.
func (s *settings) override(key, value string) error {
	first, _, _ := strings.Cut(key, ".")
	switch first {
	case "sandbox_mode", "sandbox_workspace_write", "shell_environment_policy":
	default:
		return nil
	}
	var any map[string]any
	if err := toml.Unmarshal([]byte("_x_ = "+value), &any); err != nil || len(any) != 1 {
		value = strconv.Quote(strings.Trim(value, `'"`))
	}
	if err := toml.Unmarshal([]byte(key+" = "+value), s); err != nil {
		return fmt.Errorf("override %s: %w", key, err)
	}
	return nil
}

// world is what the command line is run in.
type world struct {
	home string // CODEX_HOME, "" when unknown
	env  []string
}

func (w world) getenv(name string) string {
	for i := len(w.env) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(w.env[i], name+"="); ok {
			return v
		}
	}
	return ""
}

// profile says what the command line asks for.
func (f *flags) permissions(s settings, w world) (policy.Profile, error) {
	mode := f.mode
	switch {
	case mode != "":
	case f.profile == "":
		mode = s.SandboxMode
	case f.profile == ":read-only":
		mode = ReadOnly
	case f.profile == ":workspace":
		mode = WorkspaceWrite
	case f.profile == ":danger-full-access" || f.profile == ":danger-no-sandbox":
		mode = FullAccess
	case strings.HasPrefix(f.profile, ":"):
		return policy.Profile{}, fmt.Errorf("default_permissions refers to unknown built-in profile `%s`", f.profile)
	default:
		return policy.Profile{}, fmt.Errorf("permission profile %q: profiles of one's own are not supported yet", f.profile)
	}
	switch mode {
	case FullAccess:
		return policy.FullAccess(), nil
	case WorkspaceWrite:
		ww := s.WorkspaceWrite
		roots := append(append([]string{}, ww.WritableRoots...), f.roots...)
		if m := memories(w.home, !f.explain); m != "" {
			roots = append(roots, m)
		}
		return policy.WorkspaceWrite(policy.WriteOptions{WritableRoots: roots, Network: ww.NetworkAccess || f.network,
			ExcludeTmpdir: ww.ExcludeTmpdirEnvVar, ExcludeSlashTmp: ww.ExcludeSlashTmp}), nil
	}
	p := policy.ReadOnly()
	p.Network = f.network
	for _, r := range f.roots {
		p.FileSystem.Entries = append(p.FileSystem.Entries, policy.Entry{
			Path: policy.Path{Type: policy.PathLiteral, Value: r}, Access: policy.AccessWrite})
	}
	return p, nil
}

// memories is the directory of CODEX_HOME that commands may write, made when
// CODEX_HOME is there and create is set.
func memories(home string, create bool) string {
	if home == "" {
		return ""
	}
	if st, err := os.Stat(home); err != nil || !st.IsDir() {
		return ""
	}
	dir := filepath.Join(home, "memories")
	if create {
		if err := os.Mkdir(dir, 0o755); err != nil && !os.IsExist(err) {
			return ""
		}
	}
	return dir
}
