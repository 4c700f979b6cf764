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

// Info is what a server said about itself.
type Info struct {
	Version string // "" for the 0.133 kind, which says nothing
	URIs    bool   // an environmentInfo came: paths go as file:// URIs

	Sandbox   bool // takes and enforces a policy on process/start
	Merge     bool
	Resize    bool
	EOF       bool // can close stdin
	Retain    bool
	Counts    bool
	Limits    bool
	Signals   bool
	Terminate bool // grace before SIGKILL
	Rename    bool
	Network   bool // network proxies, and questions about their hosts

	Cwd, Home, TempDir string // plain paths; "" when unknown
	OS                 string
	Shell              wire.Shell
}

func infoOf(e *wire.EnvironmentInfo) (Info, error) {
	if e == nil {
		return Info{}, nil
	}
	caps := e.Capabilities
	info := Info{
		Version: e.ExecutorVersion, URIs: true, OS: e.PlatformOS, Shell: e.Shell,
		Merge: caps[wire.CapMerge], Resize: caps[wire.CapResize], EOF: caps[wire.CapEOF],
		Retain: caps[wire.CapRetain], Counts: caps[wire.CapCounts], Limits: caps[wire.CapLimits],
		Signals: caps[wire.CapSignals], Terminate: caps[wire.CapTerminate], Rename: caps[wire.CapRename],
		Network: caps[wire.CapNetwork],
	}
	// The original's later kind enforces the policy and has no name for that; one of ours
	// says whether its host can.
	var ours bool
	info.Sandbox, ours = caps[wire.CapSandbox]
	if !ours {
		info.Sandbox = true
	}
	for _, p := range []struct {
		dst *string
		uri string
	}{{&info.Cwd, e.Cwd}, {&info.Home, e.UserHomeDir}, {&info.TempDir, e.TempDir}} {
		if p.uri == "" {
			continue
		}
		path, _, err := wire.ParsePath(p.uri)
		if err != nil {
			return Info{}, fmt.Errorf("environmentInfo path %q: %w", p.uri, err)
		}
		*p.dst = path
	}
	return info, nil
}

// path gives an absolute path in the form the server wants.
func (c *Client) path(p string) string {
	if c.info.URIs && p != "" {
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
