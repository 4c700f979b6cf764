// Package settings is what the programs about settings share: codex-config, codex-doctor and
// codex-debug load the configuration of a session with the same options, and report what is
// wrong with it alike.
//
// Program layer: it imports cli, config, termtext.
package settings

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"codex/pkg/cli"
	"codex/pkg/cli/exit"
	"codex/pkg/config"
	"codex/pkg/termtext"
)

// Flags choose the session whose settings are meant.
type Flags struct {
	cli.Overrides
	Strict        bool   `name:"strict-config" help:"an unknown key of config.toml is an error"`
	Model         string `short:"m" placeholder:"MODEL" help:"model of the session"`
	Profile       string `short:"p" placeholder:"PROFILE" help:"profile of config.toml, or PROFILE.config.toml"`
	ProfileV2     string `name:"profile-v2" placeholder:"PROFILE_V2" help:"read PROFILE_V2.config.toml on top of config.toml"`
	OSS           bool   `name:"oss" help:"use a local provider"`
	LocalProvider string `name:"local-provider" placeholder:"NAME" help:"which local provider: lmstudio or ollama"`
	Cd            string `short:"C" name:"cd" placeholder:"DIR" help:"working folder of the session"`
}

// Process is what the programs know of their surroundings.
type Process struct {
	Self           string // path of the executable
	Stdout, Stderr io.Writer
	Env            config.Env
	Environ        []string
	Now            func() time.Time
}

// Options are the flags for the loader.
func (f Flags) Options(p Process) config.Options {
	return config.Options{Env: p.Env, Cwd: f.Cd, Overrides: f.Config, Enable: f.Enable, Disable: f.Disable, Strict: f.Strict,
		Model: f.Model, Profile: f.Profile, ProfileV2: f.ProfileV2, OSS: f.OSS, LocalProvider: f.LocalProvider}
}

// Load reads the settings; what is wrong with them has been reported when it fails.
func (f Flags) Load(ctx context.Context, p Process) (*config.Config, error) {
	if f.ProfileV2 != "" && !config.PlainName(f.ProfileV2) {
		return nil, exit.Usagef("invalid --profile-v2 value `%s`; pass a plain name such as `work`", f.ProfileV2)
	}
	if f.Cd != "" {
		dir := f.Cd
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(p.Env.Cwd, dir)
		}
		if fi, err := os.Stat(dir); err != nil || !fi.IsDir() {
			return nil, fmt.Errorf("work in %s: no such folder", f.Cd)
		}
	}
	cfg, err := config.Load(ctx, f.Options(p))
	if err != nil {
		return nil, Refused(p, err)
	}
	return cfg, nil
}

// Refused reports an error of settings as the original's small commands do.
func Refused(p Process, err error) error {
	if config.AsError(err) == nil {
		return err
	}
	fmt.Fprint(p.Stderr, termtext.Visible(config.Words(err)))
	return exit.Silent(exit.Failed)
}

// Args are the flags for codex-turn.
func (f Flags) Args() []string {
	o := f.Options(Process{})
	args := o.ProfileArgs()
	for _, given := range [][2]string{{"--model=", f.Model}, {"--local-provider=", f.LocalProvider}, {"--cd=", f.Cd}} {
		if given[1] != "" {
			args = append(args, given[0]+given[1])
		}
	}
	if f.OSS {
		args = append(args, "--oss")
	}
	if f.Strict {
		args = append(args, "--strict-config")
	}
	return args
}
