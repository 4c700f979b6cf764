package catalog

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"codex/pkg/config"
	"codex/pkg/foreign"
	"codex/pkg/watchdog"
)

// Refresher has codex-model ask a provider for its list, so that nobody else links what that
// needs.
type Refresher struct {
	Program string // path of codex-model
	Options config.Options
	Environ []string
	Now     func() time.Time
}

// refreshWait bounds it: the time for one answer, and for a token that has to be renewed.
const refreshWait = 20 * time.Second

// Use is Use with a list that is fresh, if the provider can be asked. The error says why it
// could not; what is known is in use all the same.
func (r *Refresher) Use(ctx context.Context, cfg *config.Config) error {
	var err error
	if Stale(cfg, r.Options.Env, r.Now()) {
		err = r.run(ctx, cfg)
	}
	Use(cfg, r.Options.Env)
	return err
}

func (r *Refresher) run(ctx context.Context, cfg *config.Config) error {
	ctx, cancel := context.WithTimeout(ctx, refreshWait)
	defer cancel()
	args := append(r.Options.Args(), "--config=model_provider="+strconv.Quote(cfg.ProviderID))
	if cfg.Profile != "" {
		args = append(args, "--profile="+cfg.Profile)
	}
	cmd := exec.CommandContext(ctx, r.Program, append([]string{"list"}, args...)...)
	errs := foreign.Output{Max: 4 << 10}
	cmd.Dir, cmd.Env, cmd.Stderr, cmd.WaitDelay = cfg.Cwd, r.Environ, &errs, time.Second
	watchdog.OwnGroup(cmd)
	err := cmd.Run()
	said := strings.TrimSpace(errs.String())
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("ask for the list of models: %w", ctx.Err())
	case said != "":
		return errors.New(strings.TrimPrefix(said[strings.LastIndexByte(said, '\n')+1:], "codex-model: "))
	}
	return fmt.Errorf("ask for the list of models: %w", err)
}
