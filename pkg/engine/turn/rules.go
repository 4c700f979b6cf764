package turn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"codex/pkg/auth"
	"codex/pkg/execpolicy"
	"codex/pkg/execpolicy/ruledir"
	"codex/pkg/foreign"
	"codex/pkg/protocol"
)

const (
	rulesTimeout = 30 * time.Second // for reading all rules files
	maxRules     = 64 << 20         // bytes of their compiled form
)

// rules are the thread's rules for commands. They implement tools.Rules.
type rules struct {
	home   string
	warn   func(message string)
	broken []protocol.ConfigWarningNotification // one for each file that was left out

	mu     sync.Mutex
	policy *execpolicy.Policy
}

// Policy implements tools.Rules.
func (r *rules) Policy() *execpolicy.Policy {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.policy
}

// Amend implements tools.Rules. A rule that can't be stored holds for this thread.
func (r *rules) Amend(ctx context.Context, prefix []string) {
	r.amend(ruledir.Append(ctx, r.home, prefix), func(p *execpolicy.Policy) *execpolicy.Policy { return p.With(prefix) })
}

// AmendNetwork implements tools.Rules.
func (r *rules) AmendNetwork(ctx context.Context, rule execpolicy.NetworkRule) {
	word := rule.Decision.String()
	if rule.Decision == execpolicy.Forbid {
		word = "deny" // as the original writes it
	}
	r.amend(ruledir.AppendNetwork(ctx, r.home, rule.Host, rule.Protocol, word, rule.Justification),
		func(p *execpolicy.Policy) *execpolicy.Policy { return p.WithNetwork(rule) })
}

// amend changes the policy by a rule; the error is that of storing it.
func (r *rules) amend(err error, with func(*execpolicy.Policy) *execpolicy.Policy) {
	if err != nil {
		r.warn(fmt.Sprintf("The rule holds for this session only: %v", err))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.policy = with(r.policy)
}

// loadRules reads the rules files of the configuration's layers. The
// interpreter for them is a program of its own, which is not started when there are none.
func (t *liveThread) loadRules(ctx context.Context) (*rules, error) {
	r := &rules{home: t.cfg.Home, warn: func(message string) {
		t.out.notify(protocol.NoteWarning, protocol.WarningNotification{ThreadID: &t.id, Message: message})
	}}
	files, err := ruledir.Files(ruledir.Folders(t.cfg.Layers, t.opts.IgnoreRules))
	if err != nil {
		return nil, fmt.Errorf("failed to load rules: %w", err)
	}
	required, err := ruledir.Required(t.cfg.RequiredRules)
	if err != nil {
		return nil, fmt.Errorf("failed to load rules: %w", err)
	}
	if len(files) == 0 {
		if len(required) > 0 {
			r.policy = execpolicy.NewPolicy(required)
		}
		return r, nil
	}
	compiled, err := t.opts.compileRules(ctx, files)
	if err != nil {
		return nil, fmt.Errorf("failed to load rules: %w", err)
	}
	all, broken, err := execpolicy.ReadLines(bytes.NewReader(compiled))
	if err != nil {
		return nil, fmt.Errorf("failed to load rules: %w", err)
	}
	r.policy = execpolicy.NewPolicy(append(all, required...))
	for _, b := range broken {
		// Nobody is there to see a warning and to stop what the file would have stopped.
		if string(t.opts.Source) == `"exec"` {
			return nil, fmt.Errorf("failed to load rules: %w", &b)
		}
		r.broken = append(r.broken, brokenWarning(&b))
	}
	return r, nil
}

func brokenWarning(b *execpolicy.FileError) protocol.ConfigWarningNotification {
	at := func(p execpolicy.Position) protocol.TextPosition {
		return protocol.TextPosition{Line: uint64(p.Line), Column: uint64(p.Column)}
	}
	return protocol.ConfigWarningNotification{Summary: "Error parsing rules; the rules of this file are not applied.",
		Details: new(fmt.Sprintf("failed to parse rules file %s: %d:%d: %s", b.File, b.Start.Line, b.Start.Column, b.Message)), Path: &b.File, Range: &protocol.TextRange{Start: at(b.Start), End: at(b.End)}}
}

// compileRules runs codex-execpolicy compile.
func (o *Options) compileRules(ctx context.Context, files []string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, rulesTimeout)
	defer cancel()
	argv := append(o.RulesCompiler(), "--")
	argv = append(argv, files...)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = auth.WithoutSecrets(o.Environ)
	cmd.WaitDelay = time.Second
	out, words := &foreign.Output{Max: maxRules}, &foreign.Output{Max: 4 << 10}
	cmd.Stdout, cmd.Stderr = out, words
	err := cmd.Run()
	said, _ := strings.CutPrefix(strings.TrimSpace(words.String()), "codex-execpolicy: ")
	var status *exec.ExitError
	switch {
	case out.Over:
		return nil, fmt.Errorf("rules files make more than %d bytes", maxRules)
	case errors.As(err, &status) && said != "" && ctx.Err() == nil:
		return nil, errors.New(said)
	case err != nil:
		return nil, fmt.Errorf("run %s: %w", argv[0], err)
	}
	return out.Bytes, nil
}

// granularFlags are the members of a granular approval policy, nil for another one.
func granularFlags(g *protocol.GranularApproval) execpolicy.Flags {
	if g == nil {
		return execpolicy.Flags{}
	}
	return execpolicy.Flags{SandboxApproval: g.SandboxApproval, Rules: g.Rules, SkillApproval: g.SkillApproval,
		RequestPermissions: g.RequestPermissions, MCPElicitations: g.McpElicitations}
}
