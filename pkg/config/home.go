package config

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"codex/pkg/ostext"
)

// Home applies the CODEX_HOME rules: the variable, when not
// empty, must name an existing folder and is resolved; without it the folder
// is ~/.codex, which need not exist. Errors are *[Error].
func Home(env Env) (string, error) {
	v, p := env.get("CODEX_HOME"), env.namedHome()
	switch {
	case p == "":
		return "", plain("Could not find home directory")
	case v == "":
		return p, nil
	}
	fi, err := os.Stat(p)
	switch {
	case os.IsNotExist(err):
		return "", plain("CODEX_HOME points to %q, but that path does not exist", v)
	case err != nil:
		return "", plain("failed to read CODEX_HOME %q: %s", v, ostext.Of(err))
	case !fi.IsDir():
		return "", plain("CODEX_HOME points to %q, but that path is not a directory", v)
	}
	p, err = filepath.EvalSymlinks(p)
	if err != nil {
		return "", plain("failed to canonicalize CODEX_HOME %q: %s", v, ostext.Of(err))
	}
	return p, nil
}

// namedHome is CODEX_HOME as it is called: absolute, not resolved; "" is none.
func (e Env) namedHome() string {
	switch v := e.get("CODEX_HOME"); {
	case v != "" && filepath.IsAbs(v):
		return v
	case v != "":
		return filepath.Join(e.Cwd, v)
	case e.Home == "":
		return ""
	}
	return filepath.Join(e.Home, ".codex")
}

// Anywhere gives an environment in which programs that start in other folders find the same
// CODEX_HOME: one that is relative is made absolute.
func (e Env) Anywhere(environ []string) []string {
	const name = "CODEX_HOME"
	if v := e.get(name); v == "" || filepath.IsAbs(v) {
		return environ
	}
	environ = slices.DeleteFunc(slices.Clone(environ), func(kv string) bool { return strings.HasPrefix(kv, name+"=") })
	return append(environ, name+"="+e.namedHome())
}

func (e Env) systemDir() string {
	if e.SystemDir != "" {
		return e.SystemDir
	}
	if runtime.GOOS == "windows" {
		if d := e.get("ProgramData"); d != "" {
			return filepath.Join(d, "OpenAI", "Codex")
		}
		return `C:\ProgramData\OpenAI\Codex`
	}
	return "/etc/codex"
}

// absolute makes a path of a setting absolute: ~ is the user's home, a
// relative one starts at base. The result is clean and need not exist.
func (e Env) absolute(p, base string) string {
	switch {
	case p == "~":
		p = e.Home
	case len(p) > 1 && p[0] == '~' && os.IsPathSeparator(p[1]):
		p = filepath.Join(e.Home, p[2:])
	}
	if !filepath.IsAbs(p) {
		p = filepath.Join(base, p)
	}
	return filepath.Clean(p)
}
