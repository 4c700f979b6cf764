package login

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"codex/pkg/auth"
	"codex/pkg/config"
)

// TestStores holds where a credential is kept. It is not parallel: the keyring is one for
// the process.
func TestStores(t *testing.T) {
	const key = "sk-test-1234567890abcdef"
	inFile := func(d *desk) bool {
		_, err := os.Stat(auth.Path(d.home))
		return err == nil
	}
	inRing := func(d *desk) bool {
		text, err := keyring.Get("Codex Auth", Process{Env: config.Env{Get: func(string) string { return "x" }}}.ring(auth.File{Home: d.home}).Account)
		return err == nil && strings.Contains(text, key)
	}
	for _, tc := range []struct {
		store      string
		broken     bool // no keyring
		status     int
		file, ring bool
		says       string
	}{
		{"file", false, 0, true, false, "Successfully logged in\n"},
		{"keyring", false, 0, false, true, "Successfully logged in\n"},
		{"auto", false, 0, false, true, "Successfully logged in\n"},
		{"ephemeral", false, 0, false, false, "Successfully logged in\n"},
		{"keyring", true, 1, true, false, "Error logging in: failed to load CLI auth from keyring: no bus\n"},
		{"auto", true, 0, true, false, "codex-login: warning: failed to load CLI auth from keyring: no bus; using auth.json\n"},
	} {
		keyring.MockInit()
		if tc.broken {
			keyring.MockInitWithError(errors.New("no bus"))
		}
		d := newDesk(t)
		d.env["DBUS_SESSION_BUS_ADDRESS"] = "x"
		if err := os.WriteFile(auth.Path(d.home), []byte(`{"OPENAI_API_KEY":"sk-before"}`), 0o600); err != nil {
			t.Fatal(err)
		}
		if tc.store == "ephemeral" {
			os.Remove(auth.Path(d.home))
		}
		setting := `cli_auth_credentials_store="` + tc.store + `"`
		_, errs, status := d.run(t.Context(), key, "-c", setting, "--with-api-key")
		if status != tc.status || !strings.Contains(errs, tc.says) || inFile(d) != tc.file || inRing(d) != tc.ring {
			t.Errorf("%s %v: %d %q, file %v, keyring %v", tc.store, tc.broken, status, errs, inFile(d), inRing(d))
		}
		if status != 0 || tc.store == "ephemeral" {
			continue
		}
		if _, errs, status := d.run(t.Context(), "", "status", "-c", setting); status != 0 || !strings.Contains(errs, "Logged in using an API key - sk-test-***bcdef\n") {
			t.Errorf("%s: %d %q", tc.store, status, errs)
		}
		if out, _, status := d.run(t.Context(), "", "token", "-c", setting); status != 0 || out != `{"mode":"apikey","token":"`+key+`"}`+"\n" {
			t.Errorf("%s: %d %q", tc.store, status, out)
		}
		if _, errs, status := d.run(t.Context(), "", "logout", "-c", setting); status != 0 || !strings.Contains(errs, "Successfully logged out") || inFile(d) || inRing(d) {
			t.Errorf("%s: %d %q", tc.store, status, errs)
		}
	}
}

// TestAutoRefused holds that an entry which a keyring keeps while it takes no other counts no
// more than the file that is written instead: Windows takes no large one.
func TestAutoRefused(t *testing.T) {
	keyring.MockInit()
	p := Process{Env: config.Env{Get: func(string) string { return "x" }}, Stderr: io.Discard}
	store := p.openStore("auto", t.TempDir()).(autoStore)
	keep := func(text string) {
		t.Helper()
		if err := store.Change(t.Context(), func(string) (string, error) { return text, nil }); err != nil {
			t.Fatal(err)
		}
	}
	keep("old")
	store.ring.set = func(context.Context, string) error { return keyring.ErrSetDataTooBig }
	keep("new")
	if text, err := store.Read(); err != nil || text != "new" {
		t.Errorf("%q, %v", text, err)
	}
}

// TestAutoUnknown holds that nobody is told that a credential is gone when a keyring may
// have it.
func TestAutoUnknown(t *testing.T) {
	keyring.MockInitWithError(errors.New("locked"))
	d := newDesk(t)
	d.env["DBUS_SESSION_BUS_ADDRESS"] = "x"
	const setting = `cli_auth_credentials_store="auto"`
	if _, errs, status := d.run(t.Context(), "", "logout", "-c", setting); status != 1 || !strings.Contains(errs, "Error logging out: failed to delete auth from keyring: locked") {
		t.Errorf("%d %q", status, errs)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"error":{"code":"refresh_token_reused","message":"no"}}`))
	f.Add([]byte(`{"error":"invalid_grant","error_description":"no"}`))
	f.Add([]byte(`{"code":"x"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		a := answer{status: 400, body: b}
		if a.describe() == "" || refusal(a).Error() == "" {
			t.Fatal("nothing is said")
		}
	})
}
