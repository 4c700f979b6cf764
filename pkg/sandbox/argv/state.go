package argv

import (
	"encoding/json"
	"errors"
	"path/filepath"

	"codex/pkg/cli/exit"
	"codex/pkg/exec/wire"
	"codex/pkg/policy"
)

// state is what the engine tells a server of the Model Context Protocol of the sandbox
// (codex/sandbox-state), so that the server can run a command under the same policy.
type state struct {
	Profile *policy.Profile `json:"permissionProfile"`
	Cwd     string          `json:"sandboxCwd"` // a path, or the address of a file
	Legacy  bool            `json:"useLegacyLandlock"`
}

// readState reads the value of --sandbox-state-json.
func readState(text string) (s *state, err error) {
	if err = json.Unmarshal([]byte(text), &s); err == nil && (s == nil || s.Profile == nil) {
		err = errors.New("missing field `permissionProfile`")
	}
	if err == nil {
		s.Cwd, _, err = wire.ParsePath(s.Cwd)
	}
	if err != nil {
		return nil, exit.Usagef("invalid --sandbox-state-json value: %v", err)
	}
	return s, nil
}

// ofState is the state's profile with what the command line says beside it. A root that may
// be read already is left alone: an entry of its own would take away that it may be written.
func (f *flags) ofState(env policy.Env, dir string) (policy.Profile, error) {
	p := *f.state.Profile
	if p.Type != policy.Managed {
		return p, nil
	}
	if f.stateOffline {
		p.Network, p.Proxy = false, nil
	}
	if len(f.stateRoots) == 0 || p.FileSystem.Unrestricted {
		return p, nil
	}
	now, err := p.Resolve(env)
	if err != nil {
		return p, err
	}
	for _, r := range f.stateRoots {
		if !filepath.IsAbs(r) {
			r = filepath.Join(dir, r)
		}
		if !now.CanRead(r) {
			p.FileSystem.Entries = append(p.FileSystem.Entries, policy.Entry{
				Path: policy.Path{Type: policy.PathLiteral, Value: r}, Access: policy.AccessRead})
		}
	}
	return p, nil
}
