//go:build unix

package updater

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aead.dev/minisign"
)

// signer makes a publisher's key and a function that signs with it at a time.
func signer(t testing.TB) (public string, sign func(sums string, at int64) string) {
	t.Helper()
	key, secret, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key.String(), func(sums string, at int64) string {
		return string(minisign.SignWithComments(secret, []byte(sums), fmt.Sprintf("timestamp:%d\tfile:SHA256SUMS", at), "a comment"))
	}
}

// folder is a place of releases in a folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestSigned holds that nothing runs but what the publisher has signed, and nothing that
// was signed before what ran already.
func TestSigned(t *testing.T) {
	public, sign := signer(t)
	_, stranger := signer(t)
	sums := sumLine(installer, "install.sh")
	evil := "echo evil >\"$CODEX_HOME\"/ran\n"
	state := t.TempDir()
	for _, tc := range []struct {
		name, script, sums, signature, fail string
	}{
		{"signed", installer, sums, sign(sums, 1000), ""},
		{"the same again", installer, sums, sign(sums, 1000), ""},
		{"not signed", installer, sums, "", "are not signed"},
		{"by a stranger", installer, sums, stranger(sums, 2000), "not the publisher's"},
		{"of another list", evil, sumLine(evil, "install.sh"), sign(sums, 2000), "not the publisher's"},
		{"another installer", evil, sums, sign(sums, 2000), "checksum mismatch"},
		{"a comment changed", installer, sums, strings.Replace(sign(sums, 1000), "timestamp:1000", "timestamp:9000", 1), "not the publisher's"},
		{"no signature at all", installer, sums, "untrusted comment: x\nnothing\n", "not the publisher's"},
		{"an old one", installer, sums, sign(sums, 900), "an old one again"},
		{"a newer one", installer, sums, sign(sums, 2000), ""},
	} {
		files := map[string]string{"install.sh": tc.script, "SHA256SUMS": tc.sums}
		if tc.signature != "" {
			files["SHA256SUMS.minisig"] = tc.signature
		}
		s, home := source(t, "file://"+folder(t, files))
		s.Key, s.State = public, state
		err := s.Install(t.Context())
		if (err == nil) != (tc.fail == "") || err != nil && !strings.Contains(err.Error(), tc.fail) {
			t.Errorf("%s: %v", tc.name, err)
		}
		if ran(home) != (tc.fail == "") {
			t.Errorf("%s: the installer ran: %v", tc.name, tc.fail != "")
		}
	}
	if left, err := filepath.Glob(filepath.Join(state, "sums-*")); len(left) > 0 || err != nil {
		t.Error(left, err)
	}
}

func FuzzVerify(f *testing.F) {
	public, sign := signer(f)
	sums := "abc  install.sh\n"
	f.Add([]byte(sign(sums, 5)))
	f.Fuzz(func(t *testing.T, signature []byte) {
		s := Source{Key: public, State: t.TempDir()}
		if s.verify([]byte(sums+"x"), signature) == nil {
			t.Errorf("accepted for another list: %q", signature)
		}
	})
}
