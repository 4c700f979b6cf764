package argv

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"codex/pkg/config"
	"codex/pkg/policy"
	"codex/pkg/shellenv"
)

// settingsEnv is what the configuration may know of environ, the whole environment. Without
// a home there is no configuration of the user's: /.codex is looked at in vain.
func settingsEnv(environ []string, dir, system string) config.Env {
	env := shellenv.Map(environ)
	home := cmp.Or(env["HOME"], env["USERPROFILE"], string(filepath.Separator)) // Windows; nobody
	get := func(name string) string { return env[name] }
	return config.Env{Get: get, Home: home, Cwd: dir, UID: os.Getuid(), SystemDir: system, Hostname: func() string {
		name, _ := os.Hostname() // "" matches no pattern
		return name
	}}
}

// load reads the configuration as it counts for a command started by hand.
func (f *flags) load(ctx context.Context, env config.Env) (*config.Config, error) {
	cfg, err := config.LoadSandbox(ctx, config.Options{Env: env, Cwd: f.dir, Overrides: f.config, Enable: f.enable, Disable: f.disable,
		Profile: f.layer, Sandbox: f.mode, Permissions: f.profile, IgnoreRequirements: f.profile != nil && !f.managed, ByHand: true})
	if e := config.AsError(err); e != nil {
		return nil, errors.New(strings.TrimRight(e.Short(), "\n"))
	}
	return cfg, err
}

// permissions says what the command line asks for.
func (f *flags) permissions(cfg *config.Config) policy.Profile {
	p := cfg.Permissions.In()
	if f.network && p.Type == policy.Managed {
		p.Network, p.Proxy = true, nil
	}
	for _, r := range f.roots {
		if p.Type == policy.Managed && !p.FileSystem.Unrestricted {
			p.FileSystem.Entries = append(p.FileSystem.Entries, policy.Entry{
				Path: policy.Path{Type: policy.PathLiteral, Value: r}, Access: policy.AccessWrite})
		}
	}
	return p
}

// makeMemories makes the folder of CODEX_HOME that commands may write, when
// CODEX_HOME is there.
func makeMemories(home string) {
	if st, err := os.Stat(home); err == nil && st.IsDir() {
		_ = os.Mkdir(filepath.Join(home, "memories"), 0o755) // without it there is nothing to write
	}
}
