package netproxy

import (
	"cmp"
	"fmt"

	"codex/pkg/netproxy/hosts"
	"codex/pkg/netproxy/proto"
)

// headerOf is the value of x-proxy-error.
func headerOf(reason string) string {
	switch reason {
	case string(hosts.NotAllowed), string(hosts.NotAllowedLocal):
		return "blocked-by-allowlist"
	case string(hosts.Denied):
		return "blocked-by-denylist"
	case proto.ReasonMethod:
		return "blocked-by-method-policy"
	}
	return "blocked-by-policy"
}

// sourceOf says what refused, in the original's words.
func sourceOf(reason string) string {
	if reason == proto.ReasonMethod || reason == proto.ReasonMitm {
		return "mode_guard"
	}
	return "baseline_policy"
}

// explain tells a person what was refused and how to allow it.
func explain(a proto.Attempt, reason string) string {
	where := fmt.Sprintf("%s port %d", a.Host, a.Port)
	const list = "[permissions.NAME.network.domains] in config.toml"
	switch reason {
	case string(hosts.NotAllowed):
		return fmt.Sprintf("network blocked: %s is in no allow list (%q = \"allow\" under %s lets it through)", where, a.Host, list)
	case string(hosts.NotAllowedLocal):
		return fmt.Sprintf("network blocked: %s is a local or private address (that very name or address under %s, or allow_local_binding, lets it through)", where, list)
	case string(hosts.Denied):
		return fmt.Sprintf("network blocked: %s is denied (by %s, or a rules file)", where, list)
	case proto.ReasonMethod, proto.ReasonMitm:
		what := cmp.Or(a.Method, "a tunnel")
		return fmt.Sprintf("network blocked: %s to %s, in a network that is limited to GET, HEAD and OPTIONS (mode = \"full\" under [permissions.NAME.network] lifts that)", what, where)
	}
	return fmt.Sprintf("network blocked: %s", where)
}
