package tools

import (
	"context"
	_ "embed" // the description
	"time"

	"codex/pkg/execpolicy"
	"codex/pkg/protocol"
)

//go:embed request_permissions.md
var requestPermissionsText string

type permissionArgs struct {
	Permissions granting `json:"permissions" about:"What is needed."`
	Reason      string   `json:"reason,omitempty" about:"Why, in one sentence."`
}

func offerRequestPermissions(o *SpecOptions) any {
	if !o.RequestPermissions {
		return nil
	}
	return Describe[permissionArgs]("request_permissions", requestPermissionsText)
}

// requestPermissions asks the user for more permissions, for the turn or the session.
// Where nobody may be asked the answer is that nothing was granted.
func (s *Set) requestPermissions(ctx context.Context, t *Turn, c Call, a permissionArgs) Output {
	resolve := func(p string) string { return s.resolve(t.Cwd, p) }
	asked := a.Permissions.grant(resolve)
	if asked.empty() {
		return failed("request_permissions requires at least one permission")
	}
	if t.Approval == execpolicy.Never || t.Approval == execpolicy.Granular && !t.Granular.RequestPermissions {
		return grantedOutput(grant{}, protocol.PermissionGrantScopeTurn)
	}
	p := protocol.PermissionsRequestApprovalParams{ThreadID: t.ThreadID, TurnID: t.TurnID, ItemID: c.ID, StartedAtMs: time.Now().UnixMilli(), Cwd: t.Cwd,
		Reason: protocol.Optional(a.Reason)}
	p.Permissions.Network, p.Permissions.FileSystem = asked.forUser()
	r, err := t.Out.AskPermissions(ctx, p)
	if err != nil || r.StrictAutoReview != nil && *r.StrictAutoReview {
		// A grant on the condition that a reviewer looks at each command: there is none.
		return grantedOutput(grant{}, protocol.PermissionGrantScopeTurn)
	}
	got := granted(r.Permissions, resolve).within(asked)
	s.mu.Lock()
	if r.Scope == protocol.PermissionGrantScopeSession {
		s.granted = s.granted.union(got)
	} else {
		r.Scope = protocol.PermissionGrantScopeTurn
		t.granted = t.granted.union(got)
	}
	s.mu.Unlock()
	return grantedOutput(got, r.Scope)
}

// grantedOutput says what was granted.
func grantedOutput(g grant, scope protocol.PermissionGrantScope) Output {
	return JSON(struct {
		Permissions granting                      `json:"permissions"`
		Scope       protocol.PermissionGrantScope `json:"scope"`
	}{g.forModel(), scope})
}
