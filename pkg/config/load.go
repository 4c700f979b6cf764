package config

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"codex/pkg/policy"
)

// Load reads every layer and folds them into one Config. Errors about settings
// are *[Error]; the only others are ctx's.
//
// From lowest to highest: the system's file, the user's, those of a trusted
// project from its root down to the working folder, flags, the administrator's
// managed file; then the active profile, then the dedicated flags, and last
// the requirements.
func Load(ctx context.Context, o Options) (*Config, error) {
	c, req, err := fold(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := c.resolve(o, c.merged); err != nil {
		return nil, err
	}
	if err := c.constrain(req); err != nil {
		return nil, err
	}
	c.finish()
	c.place(o.Program)
	c.warnUncovered()
	return c, nil
}

// LoadSandbox is Load for whoever runs one command and has no model to ask: of
// what the layers say it resolves Permissions, ShellEnv and Features only.
func LoadSandbox(ctx context.Context, o Options) (*Config, error) {
	c, req, err := fold(ctx, o)
	if err != nil {
		return nil, err
	}
	t, err := c.activate(o, c.merged)
	if err != nil {
		return nil, err
	}
	c.readFeatures(t)
	if err := c.readSandbox(o, t); err != nil {
		return nil, err
	}
	c.readShellEnv(t)
	c.Warnings = append(c.Warnings, req.warnings...)
	c.holdPermissions()
	maps.Copy(c.Features.set, req.features)
	return c, nil
}

// fold reads the layers and lays them over each other.
func fold(ctx context.Context, o Options) (*Config, requirements, error) {
	var req requirements
	if err := ctx.Err(); err != nil {
		return nil, req, err
	}
	home, err := Home(o.Env)
	if err != nil {
		return nil, req, err
	}
	flags, keys, err := flagTree(o)
	if err != nil {
		return nil, req, err
	}
	s := &stack{env: o.Env, home: home, cwd: o.Env.absolute(o.Cwd, o.Env.Cwd), flags: keys, docs: o.Documents}
	if err := s.read(o, flags); err != nil {
		return nil, req, err
	}
	if err := ctx.Err(); err != nil {
		return nil, req, err
	}
	if err := s.project(s.merged()); err != nil {
		return nil, req, err
	}
	if !o.IgnoreRequirements {
		if req, err = readRequirements(s, o.Env.systemDir()); err != nil {
			return nil, req, err
		}
	}
	t := s.merged()
	if err := s.typeErrors(t); err != nil {
		return nil, req, err
	}
	if o.Strict {
		if err := s.unknownKeys(); err != nil {
			return nil, req, err
		}
	}
	c := &Config{
		Home: home, Cwd: s.cwd, ProjectRoot: s.root, GitRoot: s.git,
		Warnings: s.warn, Unknown: s.warnFlags(), Layers: s.layers, Requirements: req.public(), merged: t, tmpdir: o.Env.get(policy.TempVariable),
		namedHome: o.Env.namedHome(),
		req:       req, RequiredRules: req.rules,
	}
	c.Trust = s.trust(s.cwd)
	c.TrustKey = s.mainRepo()
	if c.TrustKey == "" {
		c.TrustKey = s.cwd
	}
	c.TrustKey = s.resolved(c.TrustKey)
	if len(s.ignored) > 0 {
		c.Warnings = append(c.Warnings, fmt.Sprintf("Ignored %s: the project is not trusted. To use it, add to %s: [projects.%s] with trust_level = \"trusted\"",
			strings.Join(s.ignored, ", "), filepath.Join(home, "config.toml"), quoteKey(projectKey(c.TrustKey))))
	}
	return c, req, nil
}

// read adds the layers that do not depend on the project.
func (s *stack) read(o Options, flags map[string]any) error {
	sys := o.Env.systemDir()
	if err := s.file(LayerSystem, filepath.Join(sys, "config.toml")); err != nil {
		return err
	}
	user := UserFile(s.home)
	if o.IgnoreUserConfig {
		s.add(Layer{Name: LayerUser, Path: user, Dir: s.home, Tree: map[string]any{}})
	} else if err := s.file(LayerUser, user); err != nil {
		return err
	}
	for _, name := range s.profileFiles(o, flags) {
		if err := s.file(LayerUser, filepath.Join(s.home, ProfileFile(name))); err != nil {
			return err
		}
	}
	s.add(Layer{Name: LayerFlags, Dir: s.cwd, Tree: flags})
	return s.file(LayerManaged, filepath.Join(sys, "managed_config.toml"))
}

// ProfileFile is the name of the file in CODEX_HOME that is a profile by itself.
func ProfileFile(profile string) string { return profile + ".config.toml" }

// profileFiles names the profiles whose files lie over the user's: that of --profile-v2, and
// the active one, which may be a table of config.toml, a file of its own, or both.
func (s *stack) profileFiles(o Options, flags map[string]any) []string {
	var names []string
	if o.ProfileV2 != "" {
		names = append(names, o.ProfileV2)
	}
	active := o.Profile
	if active == "" {
		active = view(merge(s.merged(), flags)).str("profile")
	}
	if active == o.ProfileV2 || !PlainName(active) || o.IgnoreUserConfig {
		return names
	}
	if _, err := os.Stat(filepath.Join(s.home, ProfileFile(active))); err == nil {
		names = append(names, active)
	}
	return names
}

// AsError returns the configuration error in a chain, nil if there is none.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return nil
}

// PlainName says whether name may be given to --profile-v2: no path, nothing hidden.
func PlainName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !(r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	})
}
