//go:build unix

package update

import (
	"errors"
	"slices"
	"testing"
)

func TestFind(t *testing.T) {
	files := map[string]string{
		"/src/codex/go.mod": "module codex\n\ngo 1.26\n", "/other/go.mod": "module x\n",
		"/p/package.json":  `{"devDependencies":{"codex-unix":"1"}}`,
		"/up/package.json": `{"name":"global"}`,
	}
	for _, tc := range []struct {
		self, url string
		also      []string // what else is there
		how       string   // "" when it cannot be seen
		command   string
	}{
		{self: "/home/u/.codex/packages/standalone/releases/1/codex-update", url: "https://x/y", how: "by install.sh, in /home/u/.codex/packages/standalone", command: "curl -fsSL https://x/y/install.sh | sh"},
		{self: "/srv/c d/packages/standalone/releases/1/codex-update", url: "https://x/y", how: "by install.sh, in /srv/c d/packages/standalone", command: "curl -fsSL https://x/y/install.sh | CODEX_HOME='/srv/c d' sh"},
		{self: "/home/u/.codex/packages/standalone/releases/1/codex-update", how: "by install.sh, in /home/u/.codex/packages/standalone"},
		{self: "/usr/lib/node_modules/codex-unix/node_modules/codex-unix-linux-x64/vendor/t/codex-update", how: "with npm, for this user or machine", command: "npm install -g codex-unix@latest"},
		{self: "/p/node_modules/codex-unix-darwin-arm64/vendor/t/codex-update", how: "with npm, in the project /p", command: "npm --prefix /p install codex-unix@latest"},
		{self: "/up/node_modules/codex-unix-linux-x64/vendor/t/codex-update", how: "with npm, for this user or machine", command: "npm install -g codex-unix@latest"},
		{self: "/home/u/.bun/install/global/node_modules/codex-unix-linux-x64/v/codex-update", how: "with bun, for this user", command: "bun install -g codex-unix@latest"},
		{self: "/home/u/.local/share/pnpm/global/5/.pnpm/c@1/node_modules/codex-unix-linux-x64/v/codex-update", how: "with pnpm, for this user", command: "pnpm add -g codex-unix@latest"},
		{self: "/opt/homebrew/Cellar/codex-unix/1.2/libexec/codex-update", how: "with Homebrew", command: "brew upgrade codex-unix"},
		{self: "/src/codex/bin/codex-update", how: "from its source, in /src/codex", command: "git -C /src/codex pull --ff-only && make -C /src/codex"},
		{self: "/other/bin/codex-update"},
		{self: "/usr/bin/codex-update", also: []string{"/var/lib/dpkg/info/codex-unix.list", "/var/lib/dpkg/status"}, how: "as the Debian package codex-unix", command: "sudo apt-get install --only-upgrade codex-unix"},
		{self: "/usr/bin/codex-update", also: []string{"/var/lib/dpkg/status"}},
		{self: "/usr/bin/codex-update", also: []string{"/var/lib/rpm"}, how: "as the RPM package codex-unix", command: "sudo dnf upgrade codex-unix"},
		{self: "/usr/local/bin/codex-update"},
	} {
		m := machine{home: "/home/u/.codex", url: tc.url,
			exists: func(path string) bool { return files[path] != "" || slices.Contains(tc.also, path) },
			read: func(path string) ([]byte, error) {
				if files[path] == "" {
					return nil, errors.New("not there")
				}
				return []byte(files[path]), nil
			}}
		o, ok := m.find(tc.self)
		if ok != (tc.how != "") || o.How != tc.how || o.Command != tc.command {
			t.Errorf("%s: %+v, %v", tc.self, o, ok)
		}
	}
}
