package client

import (
	"encoding/json"
	"errors"
	"fmt"

	"codex/pkg/exec/wire"
	"codex/pkg/policy"
)

// ErrNoSandbox refuses a restricted policy that would not be enforced. It is this very
// error when the server has no sandbox, and the server's own words when its machine does
// not let it have one.
var ErrNoSandbox = errors.New("this executor cannot confine commands; use one that can (codex-sandbox serve), or run without a sandbox")

// abilities is what a server said that it can do.
type abilities struct {
	URIs bool // an environmentInfo came: paths go as file:// URIs

	Sandbox   bool // takes and enforces a policy on process/start
	Merge     bool
	Resize    bool
	EOF       bool // can close stdin
	Retain    bool
	Limits    bool
	Terminate bool // grace before SIGKILL
	Network   bool // network proxies, and questions about their hosts
}

func abilitiesOf(e *wire.EnvironmentInfo) abilities {
	if e == nil {
		return abilities{}
	}
	caps := e.Capabilities
	can := abilities{
		URIs: true, Merge: caps[wire.CapMerge], Resize: caps[wire.CapResize], EOF: caps[wire.CapEOF], Retain: caps[wire.CapRetain],
		Limits: caps[wire.CapLimits], Terminate: caps[wire.CapTerminate], Network: caps[wire.CapNetwork],
	}
	// The original's later kind enforces the policy and has no name for that; one of ours
	// says whether its host can.
	var ours bool
	can.Sandbox, ours = caps[wire.CapSandbox]
	if !ours {
		can.Sandbox = true
	}
	return can
}

// path gives an absolute path in the form the server wants.
func (c *Client) path(p string) string {
	if c.can.URIs && p != "" {
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
