package server

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"path"
	"path/filepath"
	"strings"

	"codex/pkg/exec/wire"
	"codex/pkg/jsonrpc"
	"codex/pkg/policy"
	"codex/pkg/sandbox"
	"codex/pkg/shellenv"
)

// sandboxCall is a sandbox member with what it means here.
type sandboxCall struct {
	profile policy.Profile
	cwd     string // "": not given
	roots   []string
	weak    bool   // useLegacyLandlock
	level   string // windowsSandboxLevel
}

// sandboxOf reads the member; nil if there is none. What cannot be understood is an error:
// it must not run unconfined.
func sandboxOf(w *wire.SandboxContext) (*sandboxCall, error) {
	if w == nil {
		return nil, nil
	}
	c := &sandboxCall{level: w.WindowsSandboxLevel, weak: w.UseLegacyLandlock}
	if err := json.Unmarshal(plainPaths(w.Permissions), &c.profile); err != nil {
		return nil, badParams("%v", err)
	}
	paths := w.WorkspaceRoots
	if w.Cwd != "" {
		paths = append([]string{w.Cwd}, paths...)
	}
	for i, s := range paths {
		p, _, err := wire.ParsePath(s)
		switch {
		case err != nil:
			return nil, badParams("sandbox path %q: %v", s, err)
		case i == 0 && w.Cwd != "":
			c.cwd = p
		default:
			c.roots = append(c.roots, p)
		}
	}
	return c, nil
}

// plainPaths rewrites the file:// paths that the original's later engines put into a
// profile.
func plainPaths(raw []byte) []byte {
	if !bytes.Contains(raw, []byte("file:")) {
		return raw
	}
	var v any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return raw
	}
	out, err := json.Marshal(rewritePaths(v))
	if err != nil {
		return raw
	}
	return out
}

func rewritePaths(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if s, ok := e.(string); ok && (k == "path" || k == "pattern") && strings.HasPrefix(s, "file:") {
				if p, _, err := wire.ParsePath(s); err == nil {
					v[k] = p
					continue
				}
			}
			v[k] = rewritePaths(e)
		}
	case []any:
		for i, e := range v {
			v[i] = rewritePaths(e)
		}
	}
	return v
}

// resolve turns a call's profile into this machine's policy. dir stands in for a missing
// cwd; without it a profile that needs one is refused.
func (s *server) resolve(c *sandboxCall, dir string) (policy.Policy, error) {
	cwd := cmp.Or(c.cwd, dir)
	if cwd == "" {
		if c.profile.Dynamic() {
			return policy.Policy{}, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest,
				"file system sandbox context with dynamic permissions requires cwd")
		}
		cwd = "/"
	}
	env := shellenv.Map(s.opts.Env)
	pol, err := c.profile.Resolve(policy.Env{Cwd: filepath.Clean(cwd), ProjectRoots: c.roots, Tmpdir: env[policy.TempVariable],
		CodexHome: s.codexHome(env), FS: policy.HostFS{}})
	if err == nil {
		err = s.roots.Hold(pol)
	}
	if err != nil {
		return policy.Policy{}, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "%v", err)
	}
	return pol, nil
}

// codexHome is where the programs keep their state, by the environment of the server.
func (s *server) codexHome(env map[string]string) string {
	switch home := env["CODEX_HOME"]; {
	case home != "" && filepath.IsAbs(home):
		return home
	case home != "":
		return filepath.Join(s.opts.Dir, home)
	}
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if home := env[name]; home != "" {
			return filepath.Join(home, ".codex")
		}
	}
	return ""
}

// legacyCall is what an engine of the 0.133 kind hides in a command line: it starts its
// own helper, by a path that need not exist here.
type legacyCall struct {
	argv    []string
	dir     string
	sandbox sandboxCall
}

// legacySandbox understands that command line; nil for any other.
func legacySandbox(argv []string, arg0 string) (*legacyCall, error) {
	const helper = "codex-linux-sandbox"
	if path.Base(argv[0]) != helper && path.Base(arg0) != helper {
		return nil, nil
	}
	c := &legacyCall{}
	profile := ""
	rest := argv[1:]
	for len(rest) > 0 {
		word := rest[0]
		rest = rest[1:]
		if word == "--" {
			break
		}
		name, value, glued := strings.Cut(word, "=")
		var dst *string
		switch name {
		case "--sandbox-policy-cwd":
			dst = &c.sandbox.cwd
		case "--command-cwd":
			dst = &c.dir
		case "--permission-profile":
			dst = &profile
		case "--use-legacy-landlock":
			c.sandbox.weak = true
			continue
		case "--no-proc":
			continue // found out here
		default:
			return nil, errors.New(helper + ": unsupported option " + word)
		}
		if !glued {
			if len(rest) == 0 {
				return nil, errors.New(helper + ": " + name + " needs a value")
			}
			value, rest = rest[0], rest[1:]
		}
		*dst = value
	}
	switch {
	case profile == "":
		return nil, errors.New(helper + ": --permission-profile is missing")
	case len(rest) == 0:
		return nil, errors.New(helper + ": command is missing")
	}
	if err := json.Unmarshal([]byte(profile), &c.sandbox.profile); err != nil {
		return nil, errors.New(helper + ": --permission-profile: " + err.Error())
	}
	for _, d := range []string{c.sandbox.cwd, c.dir} {
		if d != "" && !filepath.IsAbs(d) {
			return nil, errors.New(helper + ": " + d + " is not absolute")
		}
	}
	c.argv = rest
	return c, nil
}

// startFailure gives the error of a start, with what a refused sandbox needs to be told.
func startFailure(err error) error {
	if refused, ok := errors.AsType[*sandbox.RefusedError](err); ok {
		text := refused.Error()
		if len(refused.Hints) > 0 {
			text += ": " + strings.Join(refused.Hints, "; ")
		}
		return jsonrpc.Errorf(jsonrpc.CodeRefused, "%s", text)
	}
	return processError(err)
}
