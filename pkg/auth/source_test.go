//go:build unix

package auth

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"codex/pkg/config"
)

// TestSource holds what codex-login is asked for, and what becomes of its answers. A token
// goes to it over its standard input only.
func TestSource(t *testing.T) {
	stale, other := token(`{"exp":1}`), `{"mode":"chatgpt","token":"new","accountId":"acc2"}`
	old := &Auth{Mode: ChatGPT, AccessToken: stale, RefreshToken: "r", AccountID: "acc1"}
	for _, tc := range []struct {
		name, script string
		ask          func(ctx context.Context, s *Source) (*Auth, error)
		want         string // token or error
		args, input  string
	}{
		{"fresh", `echo '{"mode":"chatgpt","token":"new","accountId":"acc1"}'`, func(ctx context.Context, s *Source) (*Auth, error) { return s.Fresh(ctx, old) },
			"new", `-c cli_auth_credentials_store="file" token`, ""},
		{"renew", `echo '{"mode":"chatgpt","token":"new","accountId":"acc1"}'`, func(ctx context.Context, s *Source) (*Auth, error) { return s.Renew(ctx, old) },
			"new", `-c cli_auth_credentials_store="file" token --refused`, stale},
		{"another account", "echo '" + other + "'", func(ctx context.Context, s *Source) (*Auth, error) { return s.Renew(ctx, old) },
			"signed in to another account", "", stale},
		{"gone", `echo '{"mode":"","token":""}'; echo 'codex-login: not logged in' >&2; exit 1`, func(ctx context.Context, s *Source) (*Auth, error) { return s.Renew(ctx, old) },
			"logged out or signed in", "", stale},
		{"none in another store", `echo '{"mode":"","token":""}'; echo 'codex-login: not logged in' >&2; exit 1`, func(ctx context.Context, s *Source) (*Auth, error) {
			s.Store = "keyring"
			return s.Load(ctx)
		}, "", `-c cli_auth_credentials_store="keyring" token --stored`, ""},
		{"failed", `echo 'codex-login: warning: x' >&2; echo 'codex-login: no way' >&2; exit 1`, func(ctx context.Context, s *Source) (*Auth, error) { return s.Fresh(ctx, old) }, "no way", "", ""},
		{"silent", `exit 3`, func(ctx context.Context, s *Source) (*Auth, error) { return s.Fresh(ctx, old) }, "ask codex-login for credentials: exit status 3", "", ""},
		{"no object", `echo nonsense`, func(ctx context.Context, s *Source) (*Auth, error) { return s.Fresh(ctx, old) }, "read the answer of codex-login", "", ""},
		{"not needed", `exit 9`, func(ctx context.Context, s *Source) (*Auth, error) {
			return s.Fresh(ctx, &Auth{Mode: ChatGPT, AccessToken: "opaque", RefreshToken: "r"})
		}, "opaque", "none", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			program := filepath.Join(dir, "codex-login")
			script := "#!/bin/sh\ncd '" + dir + "'\nprintf '%s' \"$*\" >args\ncat >input\n" + tc.script + "\n"
			if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			s := &Source{Home: dir, Program: program, Environ: os.Environ(), Env: config.Env{}, Now: time.Now}
			a, err := tc.ask(t.Context(), s)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = a.Bearer()
			}
			if !strings.Contains(got, tc.want) || tc.want == "" && got != "" {
				t.Errorf("%q, want %q", got, tc.want)
			}
			args, err := os.ReadFile(filepath.Join(dir, "args"))
			if (tc.args == "none") != errors.Is(err, os.ErrNotExist) || tc.args != "" && tc.args != "none" && string(args) != tc.args {
				t.Errorf("arguments %q, %v", args, err)
			}
			input, _ := os.ReadFile(filepath.Join(dir, "input"))
			if string(input) != tc.input || strings.Contains(string(args), stale) {
				t.Errorf("input %q", input)
			}
		})
	}
}

// TestSourceInterrupted holds that nobody waits for codex-login after an interrupt.
func TestSourceInterrupted(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "codex-login")
	if err := os.WriteFile(program, []byte("#!/bin/sh\nexec sleep 10\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &Source{Home: dir, Store: "keyring", Program: program, Now: time.Now}
	if _, err := s.Load(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add([]byte(`{"mode":"chatgpt","token":"t","accountId":"a","refreshed":"2026-01-02T15:04:05Z"}`))
	f.Add([]byte(`{"mode":"apikey","token":"t"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := ParseLine(b)
		if err != nil {
			return
		}
		line, err := a.Line()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ParseLine(line); err != nil || again.Bearer() != a.Bearer() || again.Mode != a.Mode {
			t.Fatalf("%s: %v", line, err)
		}
	})
}
