package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"codex/pkg/exec/wire"
	"codex/pkg/policy"
)

// ErrNoSandbox refuses a restricted policy that would not be enforced. It is this very
// error when the server has no sandbox, and the server's own words when its machine does
// not let it have one.
var ErrNoSandbox = errors.New("this executor cannot confine commands; use one that can (codex-sandbox serve), or run without a sandbox")

// abilities is what a server said that it can do, by the names of package wire. One that
// said nothing takes no file:// URIs.
type abilities map[string]bool

func abilitiesOf(e *wire.EnvironmentInfo) abilities {
	if e == nil {
		return nil
	}
	can := abilities{}
	maps.Copy(can, e.Capabilities)
	// The original's later kind enforces the policy and has no name for that; one of ours
	// says whether its host can.
	if _, ours := can[wire.CapSandbox]; !ours {
		can[wire.CapSandbox] = true
	}
	return can
}

func (a abilities) uris() bool { return a != nil }

// path gives an absolute path in the form the server wants.
func (c *Client) path(p string) string {
	if c.can.uris() && p != "" {
		return wire.PathToURI(p)
	}
	return p
}

func (c *Client) sandbox(profile policy.Profile, cwd string, roots []string) (*wire.SandboxContext, error) {
	raw, err := json.Marshal(profile)
	if err != nil {
		return nil, fmt.Errorf("encode permission profile: %w", err)
	}
	sb := &wire.SandboxContext{Permissions: raw, Cwd: c.path(cwd), WindowsSandboxLevel: c.level, UseLegacyLandlock: c.weak}
	for _, r := range roots {
		sb.WorkspaceRoots = append(sb.WorkspaceRoots, c.path(r))
	}
	return sb, nil
}
