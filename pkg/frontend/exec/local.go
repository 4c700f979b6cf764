package exec

import (
	"context"
	"errors"
	"fmt"

	"codex/pkg/cli/exit"
	"codex/pkg/frontend/launch"
)

// localReady prepares the server that --oss asks for.
func (r *run) localReady(ctx context.Context) error {
	if !r.args.OSS {
		return nil
	}
	if r.args.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.args.Timeout)
		defer cancel()
	}
	err := launch.LocalReady(ctx, r.Self, r.cfg, r.Env, r.Stderr)
	if errors.Is(err, context.DeadlineExceeded) {
		fmt.Fprintf(r.Stderr, "codex-exec: the time limit of %v was reached while the local server got ready\n", r.args.Timeout)
		return exit.Silent(exit.Limit)
	}
	return err
}
