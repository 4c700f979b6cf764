package tools

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/engine/tools/args"
	"codex/pkg/execpolicy"
	"codex/pkg/protocol"
)

// Answers to permissions that are asked for wrongly, as models know them.
const (
	badGrant     = "data did not match any variant of untagged enum FileSystemPermissionsDe"
	emptyGrant   = "`additional_permissions` must include at least one requested permission in `network` or `file_system`"
	missingGrant = "missing `additional_permissions`; provide at least one of `network` or `file_system` when using `with_additional_permissions`"
	strayGrant   = "`additional_permissions` requires `sandbox_permissions` set to `with_additional_permissions`"
)

// permissions says what a call asks for beyond the turn's sandbox, or what the answer to
// it is: verb is how its tool says that it cannot. What was granted before is not asked
// for again.
func (s *Set) permissions(t *Turn, v args.Values, arguments, cwd, verb string) (escalate bool, extra grant, refused string) {
	want := v.Str("sandbox_permissions")
	given := gjson.Get(arguments, "additional_permissions")
	wider := want == "with_additional_permissions" || given.IsObject()
	escalate = want == "require_escalated"
	if given.IsObject() {
		var w granting
		if json.Unmarshal([]byte(given.Raw), &w) != nil {
			return false, extra, badArguments(errors.New(badGrant)).Text
		}
		extra = w.grant(func(p string) string { return s.resolve(cwd, p) })
	}
	if wider || escalate {
		refused = t.asking().EscalationRefusal(verb)
	}
	switch {
	case refused != "" || !wider:
	case !s.ExtraPermissions:
		refused = "additional permissions are disabled; enable `features.exec_permission_approvals` before using `with_additional_permissions`"
	case escalate:
		refused = strayGrant
	case !given.IsObject():
		refused = missingGrant
	case extra.empty():
		refused = emptyGrant
	case s.standing(t).covers(extra):
		extra = grant{}
	}
	return escalate, extra, refused
}

func reqPermsArgs() *args.Object {
	return &args.Object{Name: "RequestPermissionsArgs", Fields: []args.Field{
		{Name: "permissions", Kind: args.Any, Required: true},
		{Name: "reason", Kind: args.String, Null: true},
	}}
}

// requestPermissions asks the user for more permissions, for the turn or the session.
// Where nobody may be asked the answer is that nothing was granted.
func (s *Set) requestPermissions(ctx context.Context, t *Turn, c Call) Output {
	v, err := args.Decode(reqPermsArgs(), c.Arguments)
	if err != nil {
		return badArguments(err)
	}
	given := gjson.Get(c.Arguments, "permissions")
	var w granting
	if !given.IsObject() || json.Unmarshal([]byte(given.Raw), &w) != nil {
		return badArguments(errors.New("invalid value: expected struct RequestPermissionProfile"))
	}
	resolve := func(p string) string { return s.resolve(t.Cwd, p) }
	asked := w.grant(resolve)
	if asked.empty() {
		return Output{Text: "request_permissions requires at least one permission"}
	}
	if t.Approval == execpolicy.Never || t.Approval == execpolicy.Granular && !t.Granular.RequestPermissions {
		return grantedText(grant{}, protocol.PermissionGrantScopeTurn)
	}
	p := protocol.PermissionsRequestApprovalParams{ThreadID: t.ThreadID, TurnID: t.TurnID, ItemID: c.ID, StartedAtMs: time.Now().UnixMilli(), Cwd: t.Cwd}
	p.Permissions.Network, p.Permissions.FileSystem = asked.forUser()
	if reason := v.Str("reason"); reason != "" {
		p.Reason = &reason
	}
	r, err := t.Out.AskPermissions(ctx, p)
	if err != nil || r.StrictAutoReview != nil && *r.StrictAutoReview {
		// A grant on the condition that a reviewer looks at each command: there is none.
		return grantedText(grant{}, protocol.PermissionGrantScopeTurn)
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
	return grantedText(got, r.Scope)
}

// grantedText tells the model what it was granted.
func grantedText(g grant, scope protocol.PermissionGrantScope) Output {
	return Output{Text: string(encode(struct {
		Permissions granting                      `json:"permissions"`
		Scope       protocol.PermissionGrantScope `json:"scope"`
	}{g.forModel(), scope}))}
}

// withGrants adds to a tool what lets a call ask for permissions; at is its first
// parameter.
func withGrants(tool, at string) string {
	return strings.Replace(strings.Replace(tool, at, `"additional_permissions":`+grantSchema("What this one command needs beyond its sandbox.")+","+at, 1),
		"use_default or require_escalated.", "use_default, require_escalated, or with_additional_permissions for a sandbox that is wider for this one command.", 1)
}

func grantSchema(about string) string {
	const schema = `{"type":"object","description":@,"properties":{"file_system":{"type":"object","properties":{` +
		`"read":{"type":"array","description":"Paths to read.","items":{"type":"string"}},` +
		`"write":{"type":"array","description":"Paths to write.","items":{"type":"string"}}},"additionalProperties":false},` +
		`"network":{"type":"object","properties":{"enabled":{"type":"boolean"}},"additionalProperties":false}},"additionalProperties":false}`
	return strings.Replace(schema, "@", string(encode(about)), 1)
}

// reqPermsSpec describes request_permissions.
func reqPermsSpec() string {
	return `{"type":"function","name":"request_permissions","description":"Ask the user for more permissions for the commands that follow. The result says which of them were granted, and for how long.",` +
		`"strict":false,"parameters":{"type":"object","properties":{"permissions":` + grantSchema("What is needed.") +
		`,"reason":{"type":"string","description":"Why, in one sentence."}},"required":["permissions"],"additionalProperties":false}}`
}
