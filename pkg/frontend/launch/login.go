package launch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"codex/pkg/config"
)

// LoginArgs are the options with which codex-login takes the store and the bounds that cfg
// names, and rest behind them.
func LoginArgs(cfg *config.Config, rest ...string) []string {
	args := []string{"-c", "cli_auth_credentials_store=" + strconv.Quote(cfg.AuthStore)}
	if cfg.ForcedLoginMethod != "" {
		args = append(args, "-c", "forced_login_method="+strconv.Quote(cfg.ForcedLoginMethod))
	}
	if len(cfg.ForcedWorkspaceIDs) > 0 {
		b, _ := json.Marshal(cfg.ForcedWorkspaceIDs) // texts always can be
		args = append(args, "-c", "forced_chatgpt_workspace_id="+string(b))
	}
	return append(args, rest...)
}

// RunLogin runs the codex-login at path to its end; input is what it reads.
func RunLogin(ctx context.Context, path string, env []string, cfg *config.Config, input string, args ...string) error {
	cmd := exec.CommandContext(ctx, path, LoginArgs(cfg, args...)...)
	cmd.Env, cmd.Stdin = env, strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if last := strings.TrimPrefix(lines[len(lines)-1], "codex-login: "); last != "" {
		return errors.New(last)
	}
	return fmt.Errorf("run codex-login: %w", err)
}
