package configure

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"

	"codex/pkg/cli/exit"
	"codex/pkg/config"
	"codex/pkg/settings"
)

type featuresCmd struct {
	List    listCmd    `cmd:"" help:"list the features with their stage and whether they are on"`
	Enable  enableCmd  `cmd:"" help:"switch a feature on in config.toml"`
	Disable disableCmd `cmd:"" help:"switch a feature off in config.toml"`
}

type listCmd struct{}

// Run prints a line a feature: name, stage, and whether it is on.
func (listCmd) Run(ctx context.Context, f settings.Flags, p settings.Process) error {
	cfg, err := f.Load(ctx, p)
	if err != nil {
		return err
	}
	all := config.AllFeatures()
	name, stage := 0, 0
	for _, e := range all {
		name, stage = max(name, len(e.Name)), max(stage, len(e.Stage))
	}
	var b bytes.Buffer
	for _, e := range all {
		fmt.Fprintf(&b, "%-*s  %-*s  %t\n", name, e.Name, stage, e.Stage, cfg.Features.Enabled(e.Name))
	}
	_, err = p.Stdout.Write(b.Bytes())
	return err
}

type enableCmd struct {
	Feature string `arg:"" name:"feature" help:"name of the feature"`
}

// Run writes the switch.
func (c enableCmd) Run(ctx context.Context, f settings.Flags, p settings.Process) error {
	return setFeature(ctx, f, p, c.Feature, true)
}

type disableCmd struct {
	Feature string `arg:"" name:"feature" help:"name of the feature"`
}

// Run writes the switch.
func (c disableCmd) Run(ctx context.Context, f settings.Flags, p settings.Process) error {
	return setFeature(ctx, f, p, c.Feature, false)
}

// setFeature writes features.NAME, in the profile when one is given. Without a profile a
// feature that is off by default is switched off by leaving it out.
func setFeature(ctx context.Context, f settings.Flags, p settings.Process, name string, on bool) error {
	feature, ok := config.KnownFeature(name)
	if !ok {
		fmt.Fprintf(p.Stderr, "Error: Unknown feature flag: %s\n", name)
		return exit.Silent(exit.Failed)
	}
	cfg, err := loadFor(ctx, f, p)
	if err != nil {
		return err
	}
	file, path := cfg.ProfilePlace(f.Profile)
	change := config.Change{Path: append(path, "features", name), Value: on}
	if !on && !feature.Default && f.Profile == "" {
		change.Value = nil
	}
	if err := config.EditFile(ctx, file, change); err != nil {
		return err
	}
	done := "Disabled"
	if on {
		done = "Enabled"
	}
	if _, err := fmt.Fprintf(p.Stdout, "%s feature `%s` in %s.\n", done, name, filepath.Base(file)); err != nil {
		return err
	}
	if on && feature.Unfinished() && cfg.Get("suppress_unstable_features_warning") != true {
		fmt.Fprintf(p.Stderr, "Under-development features enabled: %s. Under-development features are incomplete and may behave unpredictably. To suppress this warning, set `suppress_unstable_features_warning = true` in %s.\n",
			feature.Name, config.UserFile(cfg.Home))
	}
	return tellHidden(ctx, f, p, feature.Name, on)
}

// loadFor loads the settings that are about to be changed; a profile may begin with the change.
func loadFor(ctx context.Context, f settings.Flags, p settings.Process) (*config.Config, error) {
	if config.PlainName(f.Profile) {
		bare := f
		bare.Profile = ""
		if cfg, err := bare.Load(ctx, p); err != nil || !cfg.KnowsProfile(f.Profile) {
			return cfg, err
		}
	}
	return f.Load(ctx, p)
}

// tellHidden says when something stronger hides the switch that was written.
func tellHidden(ctx context.Context, f settings.Flags, p settings.Process, name string, on bool) error {
	f.Enable, f.Disable, f.Config = nil, nil, nil
	cfg, err := f.Load(ctx, p)
	if err != nil {
		return err
	}
	if cfg.Features.Enabled(name) == on {
		return nil
	}
	word := "off"
	if !on {
		word = "on"
	}
	fmt.Fprintf(p.Stderr, "codex-config: %s stays %s: %s decides\n", name, word, origin(cfg, "features", name))
	return nil
}
