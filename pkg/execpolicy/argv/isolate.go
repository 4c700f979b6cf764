package argv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"codex/pkg/execpolicy"
	"codex/pkg/execpolicy/rules"
	"codex/pkg/foreign"
)

const (
	maxTime   = 5 * time.Second // to run one rules file
	maxMemory = 256 << 20       // and what it may take
	maxLines  = 64 << 20        // bytes of its compiled form
)

// parse gives the rules of a file. One that computes something runs in a process of its
// own, with bounds on its time and memory: a few words of a program can ask for any amount.
func parse(ctx context.Context, p Process, path, text string) ([]execpolicy.Rule, error) {
	if rules.Literal(path, text) {
		return rules.Parse(path, text)
	}
	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.Self, "compile", "--stdin", "--", path)
	cmd.Stdin = strings.NewReader(text)
	cmd.WaitDelay = time.Second
	out := &foreign.Output{Max: maxLines}
	cmd.Stdout = out
	err := cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended && ctx.Err() == nil {
		return nil, fmt.Errorf("run rules file %s: %w", path, err)
	}
	if err == nil && !out.Over {
		all, broken, err := execpolicy.ReadLines(bytes.NewReader(out.Bytes))
		if err == nil && len(broken) > 0 {
			err = &broken[0]
		}
		return all, err
	}
	at := execpolicy.Position{Line: 1, Column: 1}
	return nil, &execpolicy.FileError{File: path, Start: at, End: at,
		Message: fmt.Sprintf("the program takes more than %v or %d MiB of memory", maxTime, maxMemory>>20)}
}
