package sandbox

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codex/pkg/policy"
)

func resolveAt(t *testing.T, dir string, p policy.Profile) policy.Policy {
	t.Helper()
	pol, err := p.Resolve(policy.Env{Cwd: dir, FS: policy.HostFS{}})
	if err != nil {
		t.Fatal(err)
	}
	return pol
}

func TestWindowsCommand(t *testing.T) {
	base := t.TempDir()
	dir, home := filepath.Join(base, "ws"), filepath.Join(base, "home")
	for _, d := range []string{dir, home} {
		os.Mkdir(d, 0o755)
	}
	ro := resolveAt(t, dir, policy.ReadOnly())
	ww := resolveAt(t, dir, policy.WorkspaceWrite(policy.WriteOptions{ExcludeSlashTmp: true, ExcludeTmpdir: true}))
	full := resolveAt(t, dir, policy.FullAccess())
	opened := Windows{Level: "unelevated", Home: home}
	for _, tt := range []struct {
		name string
		pol  policy.Policy
		win  Windows
		line string
		out  string
		code int
	}{
		{"no sandbox", full, Windows{}, "echo %SBX_NONET_ACTIVE%& exit 3", "%SBX_NONET_ACTIVE%", 3},
		{"read-only", ro, Windows{}, "echo %SBX_NONET_ACTIVE%& exit 4", "1", 4},
		{"workspace", ww, opened, "echo a>f& type f", "a", 0},
	} {
		c, err := Command(context.Background(), Spec{Policy: tt.pol, Windows: tt.win, Argv: []string{"cmd", "/c", tt.line}, Dir: dir, Env: os.Environ()})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		c.Stdout = &out
		c.Run()
		if got := strings.TrimSpace(out.String()); got != tt.out || c.Exit().Code != tt.code || c.Sandboxed() != tt.pol.Restricted() {
			t.Errorf("%s: %q, %+v", tt.name, got, c.Exit())
		}
	}
	for name, spec := range map[string]Spec{
		"writable without leave": {Policy: ww},
		"hidden files":           {Policy: policy.Policy{FullDiskRead: true, Denied: []string{"/C:/x"}}, Windows: opened},
	} {
		spec.Argv, spec.Dir, spec.Env = []string{"cmd", "/c", "exit"}, dir, os.Environ()
		_, err := Command(context.Background(), spec)
		var refused *RefusedError
		if !errors.As(err, &refused) || len(refused.Hints) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s := Probe(); !s.Tokens {
		t.Errorf("%+v", s)
	}
}

func TestWindowsKill(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	c, err := Command(ctx, Spec{Policy: resolveAt(t, dir, policy.ReadOnly()), Argv: []string{"cmd", "/c", "cmd /c pause"}, Dir: dir, Env: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := c.Wait(); err == nil {
		t.Error("it ended well")
	}
	if err := c.Kill(); err != os.ErrProcessDone {
		t.Error(err)
	}
}
