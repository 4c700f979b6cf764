package update

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"codex/pkg/foreign"
	"codex/pkg/shellwords"
)

// origin is how a copy came here, and the command that gets a newer one.
type origin struct {
	How     string
	Command string
}

// machine is what is looked at; tests have their own.
type machine struct {
	home   string // CODEX_HOME, "" when unknown
	url    string // where installers come from
	exists func(path string) bool
	read   func(path string) ([]byte, error)
}

// find tells where the program at self, links resolved, comes from; ok is false when that
// cannot be seen.
func (m machine) find(self string) (o origin, ok bool) {
	dir := filepath.ToSlash(filepath.Dir(self))
	for _, f := range []func(dir string) (origin, bool){m.managed, m.modules, m.cellar, m.source, m.packaged} {
		if o, ok = f(dir); ok {
			return o, true
		}
	}
	return origin{}, false
}

// managed: the installer has put it below CODEX_HOME, or below that of somebody else.
func (m machine) managed(dir string) (origin, bool) {
	const standalone = "/packages/standalone/"
	i := strings.Index(dir+"/", standalone)
	if i < 0 {
		return origin{}, false
	}
	o := origin{How: "by install.sh, in " + filepath.FromSlash(dir[:i]) + standalone[:len(standalone)-1]}
	env := ""
	if at := filepath.FromSlash(dir[:i]); at != m.home {
		env = "CODEX_HOME=" + shellwords.Join([]string{at}) + " "
	}
	if m.url == "" {
		return o, true
	}
	o.Command = "curl -fsSL " + shellwords.Join([]string{m.url + "/install.sh"}) + " | " + env + "sh"
	return o, true
}

// modules: a package manager of JavaScript has.
func (m machine) modules(dir string) (origin, bool) {
	const modules = "/node_modules/"
	i := strings.LastIndex(dir, modules)
	if i < 0 {
		return origin{}, false
	}
	name, _, _ := strings.Cut(dir[i+len(modules):], "/")
	for _, platform := range []string{"-linux-x64", "-linux-arm64", "-darwin-x64", "-darwin-arm64"} {
		name = strings.TrimSuffix(name, platform)
	}
	top := dir[:strings.Index(dir, modules)]
	latest := shellwords.Join([]string{name + "@latest"})
	switch {
	case strings.Contains(dir, "/.bun/install/global/"):
		return origin{"with bun, for this user", "bun install -g " + latest}, true
	case m.exists(filepath.Join(filepath.FromSlash(top), "package.json")) && m.depends(top, name):
		return origin{"with npm, in the project " + filepath.FromSlash(top), "npm --prefix " + shellwords.Join([]string{filepath.FromSlash(top)}) + " install " + latest}, true
	case strings.Contains(dir, "/pnpm/"):
		return origin{"with pnpm, for this user", "pnpm add -g " + latest}, true
	}
	return origin{"with npm, for this user or machine", "npm install -g " + latest}, true
}

// depends tells whether a project names the package.
func (m machine) depends(top, name string) bool {
	b, err := m.read(filepath.Join(filepath.FromSlash(top), "package.json"))
	var p struct {
		Dependencies    map[string]string
		DevDependencies map[string]string
	}
	if err != nil || json.Unmarshal(b, &p) != nil {
		return false
	}
	return p.Dependencies[name] != "" || p.DevDependencies[name] != ""
}

// cellar: Homebrew has.
func (m machine) cellar(dir string) (origin, bool) {
	const cellar = "/Cellar/"
	_, after, ok := strings.Cut(dir, cellar)
	if !ok {
		return origin{}, false
	}
	name, _, _ := strings.Cut(after, "/")
	return origin{"with Homebrew", "brew upgrade " + shellwords.Join([]string{name})}, true
}

// source: it was built, and lies in its source tree.
func (m machine) source(dir string) (origin, bool) {
	top := filepath.Dir(filepath.FromSlash(dir))
	b, err := m.read(filepath.Join(top, "go.mod"))
	if filepath.Base(dir) != "bin" || err != nil || !strings.HasPrefix(string(b), "module codex\n") {
		return origin{}, false
	}
	at := shellwords.Join([]string{top})
	return origin{"from its source, in " + top, "git -C " + at + " pull --ff-only && make -C " + at}, true
}

// debName is the package of the system's package managers.
const debName = "codex-unix"

// packaged: the system's package manager has.
func (m machine) packaged(dir string) (origin, bool) {
	switch {
	case dir != "/usr/bin" && dir != "/usr/libexec/codex":
		return origin{}, false
	case m.exists("/var/lib/dpkg/info/" + debName + ".list"):
		return origin{"as the Debian package " + debName, "sudo apt-get install --only-upgrade " + debName}, true
	case m.exists("/var/lib/rpm") && !m.exists("/var/lib/dpkg/status"):
		return origin{"as the RPM package " + debName, "sudo dnf upgrade " + debName}, true
	}
	return origin{}, false
}

// maxFile bounds what a project says of itself.
const maxFile = 16 << 20

// here is this machine.
func here(home, url string) machine {
	return machine{home: home, url: url, read: func(path string) ([]byte, error) { return foreign.ReadFile(path, maxFile) }, exists: func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	}}
}
