package tools

import (
	"context"
	"fmt"
	"maps"
	"time"

	"codex/pkg/exec/client"
	"codex/pkg/execpolicy"
	"codex/pkg/policy"
	"codex/pkg/protocol"
)

// hostKey is what "for this session" remembers of a host.
type hostKey struct {
	protocol string // as in rules: http, https, socks5_tcp
	host     string
	port     uint16
}

// network puts what rules say about hosts into a profile with a network proxy, and has
// the user asked about the others where the approval policy lets that.
func (s *Set) network(ctx context.Context, t *Turn, profile *policy.Profile, p *client.StartParams) {
	if profile.Proxy == nil || !profile.Network {
		return
	}
	settings := *profile.Proxy
	settings.Domains = maps.Clone(settings.Domains)
	if settings.Domains == nil {
		settings.Domains = map[string]string{}
	}
	for _, r := range s.networkRules() {
		switch {
		case r.Decision == execpolicy.Forbid:
			settings.Domains[r.Host] = policy.DomainDeny
		case r.Decision == execpolicy.Allow && settings.Domains[r.Host] == "":
			settings.Domains[r.Host] = policy.DomainAllow
		}
	}
	profile.Proxy = &settings
	switch t.Approval {
	case execpolicy.Never:
		return
	case execpolicy.Granular:
		if !t.Granular.SandboxApproval {
			return
		}
	}
	p.AskNetwork = func(process context.Context, q client.NetworkQuestion) bool {
		// A command can outlive its turn, in which it could be asked about.
		asking, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(process, cancel)()
		return s.askHost(asking, t, q)
	}
}

func (s *Set) networkRules() []execpolicy.NetworkRule {
	if s.Rules == nil {
		return nil
	}
	return s.Rules.Policy().Network()
}

// askHost decides about a connection to a host in no list.
func (s *Set) askHost(ctx context.Context, t *Turn, q client.NetworkQuestion) bool {
	key, item, shown := hostKey{host: q.Host, port: q.Port}, q.Protocol, protocol.NetworkApprovalProtocol(q.Protocol)
	switch q.Protocol {
	case "http":
		key.protocol = "http"
	case "https_connect":
		key.protocol, item, shown = "https", "https", protocol.NetworkApprovalProtocolHttps
	case "socks5_tcp":
		key.protocol, item, shown = "socks5_tcp", "socks5-tcp", protocol.NetworkApprovalProtocolSocks5Tcp
	default:
		return false
	}
	s.mu.Lock()
	said, known := s.hosts[key]
	s.mu.Unlock()
	if known || ctx.Err() != nil {
		return said
	}
	for _, r := range s.networkRules() { // they may have come while the command ran
		if r.Host == q.Host {
			switch r.Decision {
			case execpolicy.Allow:
				return true
			case execpolicy.Forbid:
				return false
			}
		}
	}
	amend := func(a protocol.NetworkPolicyRuleAction) protocol.NetworkPolicyAmendment {
		return protocol.NetworkPolicyAmendment{Host: q.Host, Action: a}
	}
	allow := amend(protocol.NetworkPolicyRuleActionAllow)
	a, err := t.Out.AskCommand(ctx, nil, protocol.CommandExecutionRequestApprovalParams{ThreadID: t.ThreadID, TurnID: t.TurnID,
		ItemID:      fmt.Sprintf("network#%s#%s#%d", item, q.Host, q.Port),
		StartedAtMs: time.Now().UnixMilli(), Reason: new(q.Host + " is not in the allowed_domains"),
		NetworkApprovalContext:          &protocol.NetworkApprovalContext{Host: q.Host, Protocol: shown},
		ProposedNetworkPolicyAmendments: []protocol.NetworkPolicyAmendment{allow, amend(protocol.NetworkPolicyRuleActionDeny)},
		AvailableDecisions: []protocol.CommandExecutionApprovalDecision{{Word: protocol.DecisionAccept}, {Word: protocol.DecisionAcceptForSession},
			{ApplyNetworkPolicyAmendment: &protocol.ApplyNetworkPolicyAmendment{NetworkPolicyAmendment: allow}}, {Word: protocol.DecisionCancel}}})
	switch {
	case err != nil:
		return false
	case a.Network != nil:
		return s.amendHost(ctx, key, a.Network)
	case a.Accept && a.ForSession:
		s.sayHost(key, true)
	case a.Cancel:
		t.Out.Cancel()
	}
	return a.Accept
}

func (s *Set) sayHost(key hostKey, allow bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts[key] = allow
}

// amendHost keeps a rule about the host that was asked about, and says whether it lets the
// connection through. A rule about another one is none that the user has seen.
func (s *Set) amendHost(ctx context.Context, key hostKey, a *protocol.NetworkPolicyAmendment) bool {
	if a.Host != key.host {
		return false
	}
	verb, label, decision := "Allow", key.protocol, execpolicy.Allow
	allow := a.Action == protocol.NetworkPolicyRuleActionAllow
	if !allow {
		verb, decision = "Deny", execpolicy.Forbid
	}
	if label == "https" {
		label = "https_connect"
	}
	if s.Rules != nil {
		s.Rules.AmendNetwork(ctx, execpolicy.NetworkRule{Host: a.Host, Protocol: key.protocol, Decision: decision,
			Justification: fmt.Sprintf("%s %s access to %s", verb, label, a.Host)})
	}
	s.sayHost(key, allow)
	return allow
}
