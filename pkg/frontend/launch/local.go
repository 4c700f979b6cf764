package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"codex/pkg/cli/install"
	"codex/pkg/config"
	"codex/pkg/jsonrpc"
)

// reasonPrefix begins the line with which codex-model says why it failed.
const reasonPrefix = "codex-model: "

// LocalReady has codex-model see to it that the local server of --oss answers and has the model,
// which may take as long as a download. What it tells meanwhile goes to stderr. It stays in our
// process group, so that the terminal's signals reach it too.
func LocalReady(ctx context.Context, self string, cfg *config.Config, environ []string, stderr io.Writer) error {
	if cfg.ProviderID != "ollama" && cfg.ProviderID != "lmstudio" {
		return nil
	}
	cmd := exec.CommandContext(ctx, install.Own(self)("codex-model"), "ready", "--base-url="+cfg.Provider.BaseURL, "--", cfg.ProviderID, cfg.Model)
	cmd.Env = environ
	out, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return fmt.Errorf("OSS setup failed: %w", err)
	}
	reason := ""
	for r := jsonrpc.NewReader(out, 0); ; {
		line, err := r.ReadLine()
		if err != nil {
			break
		}
		if s, ok := strings.CutPrefix(string(line), reasonPrefix); ok {
			reason = s
		} else {
			fmt.Fprintf(stderr, "%s\n", line)
		}
	}
	switch err := cmd.Wait(); {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case reason == "":
		return fmt.Errorf("OSS setup failed: %w", err)
	}
	return errors.New("OSS setup failed: " + reason)
}
