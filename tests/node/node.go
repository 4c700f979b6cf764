// Package node gives a test package what it has on npm. It imports the standard library
// only; only tests use it.
package node

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// unreachable gives the code by which npm says that it has no way to its registry, or "".
func unreachable(out []byte) string {
	for line := range bytes.Lines(out) {
		words := bytes.Fields(line)
		if len(words) != 4 || string(words[0]) != "npm" || string(words[2]) != "code" {
			continue
		}
		switch code := string(words[3]); code {
		case "ECONNREFUSED", "ECONNRESET", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "ETIMEDOUT", "ERR_SOCKET_TIMEOUT":
			return code
		}
	}
	return ""
}

// Modules puts files of the calling test's folder into one that is kept between runs,
// with the packages that their package-lock.json pins, and gives that folder. Packages
// run no scripts, and optional ones are left out: those are programs of the original's.
// Without npm, or a registry that it reaches, the test is skipped; in CI it fails.
func Modules(t *testing.T, files ...string) string {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("npm is missing; .ci/run installs it")
		}
		t.Skip("npm is not on this machine")
	}
	sum := sha256.New()
	content := map[string][]byte{}
	for _, name := range append([]string{"package.json", "package-lock.json"}, files...) {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sum.Write(b)
		content[name] = b
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "codex-tests", fmt.Sprintf("node-%x", sum.Sum(nil)[:8]))
	if _, err := os.Stat(filepath.Join(dir, "installed")); err == nil {
		return dir
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, b := range content {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("npm", "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		if code := unreachable(out); code != "" && os.Getenv("CI") == "" {
			t.Skip("npm does not reach its registry: " + code)
		}
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "installed"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
