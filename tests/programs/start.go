package programs

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"codex/pkg/clock"
	"codex/pkg/keyring"
)

// NoKeyring is the variable with which a program finds no keyring: the one that is there is that
// of who runs the tests.
const NoKeyring = keyring.Variable + "=" + keyring.Disabled

// Environ is what goes into every environment that a test makes: NoKeyring, and what sets the
// clock of the programs under test when the tests themselves were given it.
func Environ() []string {
	env := []string{NoKeyring}
	if at := os.Getenv(clock.Variable); at != "" {
		env = append(env, clock.Variable+"="+at)
	}
	return env
}

// ShortDir makes a folder whose path has room for a socket below it, which the kernel
// bounds at some hundred bytes: not below a long TMPDIR. Links in it are resolved.
func ShortDir(t testing.TB) string {
	t.Helper()
	base := ""
	if len(os.TempDir()) > 40 {
		base = "/tmp"
	}
	dir, err := os.MkdirTemp(base, "codex-")
	if err == nil {
		t.Cleanup(func() { os.RemoveAll(dir) })
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Start starts a program and gives its output. At the end of the test it is killed.
func Start(t testing.TB, cmd *exec.Cmd) *bufio.Reader {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return bufio.NewReader(out)
}

// ServeModel starts codex-model serve, that of dir, and gives the address it says.
func ServeModel(t testing.TB, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command(filepath.Join(dir, "codex-model"), append([]string{"serve"}, args...)...)
	cmd.Stderr = os.Stderr
	url, err := Start(t, cmd).ReadString('\n')
	if err != nil {
		t.Fatalf("the model gives no address: %v", err)
	}
	return strings.TrimSpace(url)
}
