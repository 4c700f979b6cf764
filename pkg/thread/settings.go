package thread

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"codex/pkg/catalog"
	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/models"
	"codex/pkg/protocol"
)

// Asked is what a client asks for when it opens a thread. thread/start says it, and
// thread/resume and thread/fork in the same words.
type Asked = protocol.ThreadStartParams

// AskedByResume gives what a thread/resume asks for.
func AskedByResume(p *protocol.ThreadResumeParams) *Asked {
	return &Asked{Model: p.Model, ModelProvider: p.ModelProvider, ServiceTier: p.ServiceTier, Cwd: p.Cwd, RuntimeWorkspaceRoots: p.RuntimeWorkspaceRoots,
		ApprovalPolicy: p.ApprovalPolicy, ApprovalsReviewer: p.ApprovalsReviewer, Sandbox: p.Sandbox, Permissions: p.Permissions, Config: p.Config,
		BaseInstructions: p.BaseInstructions, DeveloperInstructions: p.DeveloperInstructions, Personality: p.Personality}
}

// AskedByFork gives what a thread/fork asks for.
func AskedByFork(p *protocol.ThreadForkParams) *Asked {
	return &Asked{Model: p.Model, ModelProvider: p.ModelProvider, ServiceTier: p.ServiceTier, Cwd: p.Cwd, RuntimeWorkspaceRoots: p.RuntimeWorkspaceRoots,
		ApprovalPolicy: p.ApprovalPolicy, ApprovalsReviewer: p.ApprovalsReviewer, Sandbox: p.Sandbox, Permissions: p.Permissions, Config: p.Config,
		BaseInstructions: p.BaseInstructions, DeveloperInstructions: p.DeveloperInstructions, Ephemeral: &p.Ephemeral, ThreadSource: p.ThreadSource}
}

// Configure loads the configuration of a thread: that of the command line, and what is
// asked for on top.
func Configure(ctx context.Context, o config.Options, a *Asked) (*config.Config, error) {
	if a.Permissions != nil && a.Sandbox != nil {
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "`permissions` cannot be combined with `sandbox`")
	}
	if err := Named(a.Model, a.ModelProvider, a.ServiceTier); err != nil {
		return nil, err
	}
	set := func(dst *string, v *string) {
		if v != nil && *v != "" {
			*dst = *v
		}
	}
	set(&o.Cwd, a.Cwd)
	set(&o.Model, a.Model)
	set(&o.Provider, a.ModelProvider)
	set(&o.Sandbox, (*string)(a.Sandbox))
	if a.Permissions != nil { // nor what the command line says
		o.Permissions, o.Sandbox, o.FullAuto, o.Bypass = a.Permissions, "", false, false
	}
	o.JSON = a.Config
	cfg, err := config.Load(ctx, o)
	if err != nil {
		return nil, err
	}
	catalog.Use(cfg, o.Env)
	if a.RuntimeWorkspaceRoots != nil {
		cfg.Permissions.Roots = AbsoluteRoots(a.RuntimeWorkspaceRoots, cfg.Cwd)
	}
	return cfg, nil
}

// Named refuses names that a client leaves blank, as config.toml may not have them either:
// something else would be used than was meant.
func Named(model, provider *string, tier protocol.Patch[string]) error {
	for _, n := range []struct {
		key  string
		name *string
	}{{"model", model}, {"modelProvider", provider}, {"serviceTier", tier.Value}} {
		if n.name != nil && strings.TrimSpace(*n.name) == "" {
			return jsonrpc.Invalidf("Invalid request: %s is blank", n.key)
		}
	}
	return nil
}

// Unloadable is an error of the configuration as clients see it.
func Unloadable(err error) error {
	var refused *jsonrpc.Error
	switch e := config.AsError(err); {
	case err == nil || errors.As(err, &refused):
		return err
	case e != nil:
		return jsonrpc.Invalidf("failed to load configuration: %s", strings.TrimSuffix(e.Short(), "\n"))
	}
	return jsonrpc.Invalidf("failed to load configuration: %v", err)
}

// AbsoluteRoots are project roots that a client names.
func AbsoluteRoots(roots []string, cwd string) []string {
	out := make([]string, 0, len(roots))
	for _, r := range roots {
		if !filepath.IsAbs(r) {
			r = filepath.Join(cwd, r)
		}
		if r = filepath.Clean(r); !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// Approval is the approval policy of a thread: what is asked for, if that is allowed, else
// the configured one.
func Approval(cfg *config.Config, asked *protocol.AskForApproval) protocol.AskForApproval {
	if asked != nil && cfg.AllowApproval(ApprovalWord(*asked)) == nil {
		return *asked
	}
	if g := cfg.Granular; cfg.ApprovalPolicy == "granular" && g != nil {
		return protocol.AskForApproval{Granular: &protocol.GranularApproval{SandboxApproval: g.SandboxApproval, Rules: g.Rules,
			SkillApproval: g.SkillApproval, RequestPermissions: g.RequestPermissions, McpElicitations: g.MCPElicitations}}
	}
	return protocol.AskForApproval{Mode: cfg.ApprovalPolicy}
}

// ApprovalWord names an approval policy.
func ApprovalWord(a protocol.AskForApproval) string {
	if a.Granular != nil {
		return "granular"
	}
	return a.Mode
}

// TierWord is a service tier as it goes on the wire: null is a tier of its own.
func TierWord(p protocol.Patch[string]) string {
	switch {
	case p.Value == nil:
		return "default"
	case *p.Value == "fast":
		return "priority"
	}
	return *p.Value
}

// Tier is the service tier of a thread that begins, nil for none: one that is asked for
// and that the model does not have is none.
func Tier(cfg *config.Config, asked protocol.Patch[string]) *string {
	tier := cfg.ServiceTier
	if asked.Set {
		tier = TierWord(asked)
		if !models.In(cfg.Models, cfg.Model).HasTier(tier) {
			tier = ""
		}
	}
	return protocol.Optional(tier)
}

// Active names the permission profile in force, nil for none.
func Active(p config.Permissions) *protocol.ActivePermissionProfile {
	if p.ID == "" {
		return nil
	}
	return &protocol.ActivePermissionProfile{ID: p.ID, Extends: protocol.Optional(p.Extends)}
}

// Opened tells what a thread that is opened runs under.
func Opened(cfg *config.Config, a *Asked) protocol.ThreadStartResponse {
	perm := cfg.Permissions
	return protocol.ThreadStartResponse{Model: cfg.Model, ModelProvider: cfg.ProviderID, Cwd: cfg.Cwd, RuntimeWorkspaceRoots: perm.Roots,
		InstructionSources: LoadAgents(AgentsOf(cfg)).Sources, ApprovalPolicy: Approval(cfg, a.ApprovalPolicy),
		ApprovalsReviewer: protocol.ApprovalsReviewerUser, Sandbox: protocol.SandboxPolicyOf(perm.In().Legacy(cfg.PolicyEnv())),
		ActivePermissionProfile: Active(perm), ServiceTier: Tier(cfg, a.ServiceTier),
		ReasoningEffort: protocol.Optional(protocol.ReasoningEffort(cfg.ReasoningEffort))}
}

// AgentsOf says where a configuration looks for AGENTS.md files.
func AgentsOf(cfg *config.Config) AgentsOptions {
	return AgentsOptions{Home: cfg.Home, Root: cfg.ProjectRoot, Cwd: cfg.Cwd, MaxBytes: cfg.ProjectDocMaxBytes, Fallback: cfg.ProjectDocFallback}
}
