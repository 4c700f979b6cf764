package local

import (
	"encoding/json"
	"maps"
	"slices"

	"codex/pkg/config"
	"codex/pkg/policy"
	"codex/pkg/protocol"
)

// requirementsRead tells what an administrator allows.
func (s *Service) requirementsRead(r *Request) (any, error) {
	cfg, err := s.Load(nil)
	if err != nil {
		return nil, err
	}
	q := cfg.Requirements
	if q == nil {
		return protocol.ConfigRequirementsReadResponse{}, nil
	}
	out := &protocol.ConfigRequirements{AllowedApprovalsReviewers: words[protocol.ApprovalsReviewer](q.Reviewers),
		AllowedPermissions: q.Permissions, FeatureRequirements: q.Features, Network: networkRequirements(q.Network)}
	for _, p := range q.ApprovalPolicies {
		out.AllowedApprovalPolicies = append(out.AllowedApprovalPolicies, protocol.AskForApproval{Mode: p})
	}
	for _, m := range words[protocol.SandboxMode](q.SandboxModes) {
		if slices.Contains(m.Values(), string(m)) { // external-sandbox is no mode of clients
			out.AllowedSandboxModes = append(out.AllowedSandboxModes, m)
		}
	}
	for _, m := range words[protocol.WebSearchMode](q.WebSearchModes) {
		if m != protocol.WebSearchModeDisabled {
			out.AllowedWebSearchModes = append(out.AllowedWebSearchModes, m)
		}
	}
	if q.WebSearchModes != nil { // it is always allowed, and comes last
		out.AllowedWebSearchModes = append(out.AllowedWebSearchModes, protocol.WebSearchModeDisabled)
	}
	if on, ok := q.Tree["allow_managed_hooks_only"].(bool); ok {
		out.AllowManagedHooksOnly = &on
	}
	if word, ok := q.Tree["enforce_residency"].(string); ok {
		place := protocol.ResidencyRequirement(word)
		out.EnforceResidency = &place
	}
	if t, ok := q.Tree["computer_use"].(map[string]any); ok {
		out.ComputerUse = &protocol.ComputerUseRequirements{}
		if on, ok := t["allow_locked_computer_use"].(bool); ok {
			out.ComputerUse.AllowLockedComputerUse = &on
		}
	}
	if t, ok := q.Tree["hooks"].(map[string]any); ok {
		out.Hooks = managedHooks(t)
	}
	return protocol.ConfigRequirementsReadResponse{Requirements: out}, nil
}

func words[T ~string](list []string) []T {
	var out []T
	for _, w := range list {
		out = append(out, T(w))
	}
	return out
}

func networkRequirements(n *config.NetworkRequirements) *protocol.NetworkRequirements {
	if n == nil {
		return nil
	}
	out := &protocol.NetworkRequirements{Enabled: n.Enabled, HttpPort: n.HTTPPort, SocksPort: n.SocksPort, AllowUpstreamProxy: n.UpstreamProxy,
		DangerouslyAllowNonLoopbackProxy: n.NonLoopback, DangerouslyAllowAllUnixSockets: n.AllUnixSockets,
		ManagedAllowedDomainsOnly: n.ManagedDomainsOnly, AllowLocalBinding: n.LocalBinding}
	for _, host := range slices.Sorted(maps.Keys(n.Domains)) {
		if out.Domains == nil {
			out.Domains = map[string]protocol.NetworkDomainPermission{}
		}
		out.Domains[host] = protocol.NetworkDomainPermission(n.Domains[host])
		if n.Domains[host] == policy.DomainAllow {
			out.AllowedDomains = append(out.AllowedDomains, host)
		} else {
			out.DeniedDomains = append(out.DeniedDomains, host)
		}
	}
	for _, at := range slices.Sorted(maps.Keys(n.UnixSockets)) {
		if out.UnixSockets == nil {
			out.UnixSockets = map[string]protocol.NetworkUnixSocketPermission{}
		}
		out.UnixSockets[at] = protocol.NetworkUnixSocketPermission(n.UnixSockets[at])
		if n.UnixSockets[at] == policy.SocketAllow {
			out.AllowUnixSockets = append(out.AllowUnixSockets, at)
		}
	}
	return out
}

// managedHooks reads [hooks] of requirements.toml: what is not as it should be is left
// out.
func managedHooks(t map[string]any) *protocol.ManagedHooksRequirements {
	var file struct {
		ManagedDir        *string `json:"managed_dir"`
		WindowsManagedDir *string `json:"windows_managed_dir"`
	}
	_ = json.Unmarshal(encode(t), &file)
	out := &protocol.ManagedHooksRequirements{ManagedDir: file.ManagedDir, WindowsManagedDir: file.WindowsManagedDir}
	for event, to := range map[string]*protocol.List[protocol.ConfiguredHookMatcherGroup]{
		"PreToolUse": &out.PreToolUse, "PermissionRequest": &out.PermissionRequest, "PostToolUse": &out.PostToolUse,
		"PreCompact": &out.PreCompact, "PostCompact": &out.PostCompact, "SessionStart": &out.SessionStart,
		"UserPromptSubmit": &out.UserPromptSubmit, "SubagentStart": &out.SubagentStart, "SubagentStop": &out.SubagentStop, "Stop": &out.Stop,
	} {
		var groups []struct {
			Matcher *string `json:"matcher"`
			Hooks   []struct {
				Type           string  `json:"type"`
				Command        string  `json:"command"`
				CommandWindows *string `json:"commandWindows"`
				Timeout        *uint64 `json:"timeout"`
				Async          bool    `json:"async"`
				StatusMessage  *string `json:"statusMessage"`
			} `json:"hooks"`
		}
		if t[event] == nil || json.Unmarshal(encode(t[event]), &groups) != nil {
			continue
		}
		for _, g := range groups {
			group := protocol.ConfiguredHookMatcherGroup{Matcher: g.Matcher}
			for _, h := range g.Hooks {
				group.Hooks = append(group.Hooks, protocol.ConfiguredHookHandler{Type: h.Type, Command: h.Command, CommandWindows: h.CommandWindows,
					TimeoutSec: h.Timeout, Async: h.Async, StatusMessage: h.StatusMessage})
			}
			*to = append(*to, group)
		}
	}
	return out
}
