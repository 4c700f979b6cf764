package config

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
)

// Load reads every layer and folds them into one Config. Errors about settings
// are *[Error]; the only others are ctx's.
//
// From lowest to highest: the system's file, the user's, those of a trusted
// project from its root down to the working folder, flags, the administrator's
// managed file; then the active profile, then the dedicated flags, and last
// the requirements.
func Load(ctx context.Context, o Options) (*Config, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	home, err := Home(o.Env)
	if err != nil {
		return nil, err
	}
	flags, keys, err := flagTree(o)
	if err != nil {
		return nil, err
	}
	s := &stack{env: o.Env, home: home, cwd: o.Env.absolute(o.Cwd, o.Env.Cwd), flags: keys}
	sys := o.Env.systemDir()
	if err := s.file("system", filepath.Join(sys, "config.toml")); err != nil {
		return nil, err
	}
	user := filepath.Join(home, "config.toml")
	if o.IgnoreUserConfig {
		s.add(Layer{Name: "user", Path: user, Dir: home, Tree: map[string]any{}})
	} else if err := s.file("user", user); err != nil {
		return nil, err
	}
	if o.ProfileV2 != "" {
		if err := s.file("user", filepath.Join(home, o.ProfileV2+".config.toml")); err != nil {
			return nil, err
		}
	}
	s.add(Layer{Name: "sessionFlags", Dir: s.cwd, Tree: flags})
	if err := s.file("legacyManagedConfigTomlFromFile", filepath.Join(sys, "managed_config.toml")); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	base := s.merged()
	if err := s.project(base); err != nil {
		return nil, err
	}
	req, err := readRequirements(s, sys)
	if err != nil {
		return nil, err
	}
	t := s.merged()
	if err := s.typeErrors(t); err != nil {
		return nil, err
	}
	if o.Strict {
		if err := s.unknownKeys(); err != nil {
			return nil, err
		}
	}
	c := &Config{
		Home: home, Cwd: s.cwd, ProjectRoot: s.root, GitRoot: s.git,
		Warnings: s.warn, Layers: s.layers, merged: t,
	}
	c.Trust = s.trust(s.cwd)
	c.TrustKey = s.mainRepo()
	if c.TrustKey == "" {
		c.TrustKey = s.cwd
	}
	if real, err := filepath.EvalSymlinks(c.TrustKey); err == nil {
		c.TrustKey = real
	}
	if err := c.resolve(o, t); err != nil {
		return nil, err
	}
	if err := c.constrain(o, req); err != nil {
		return nil, err
	}
	c.finish(o)
	return c, nil
}

// AsError returns the configuration error in a chain, nil if there is none.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
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
