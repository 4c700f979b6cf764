//go:build unix

package updater

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"aead.dev/minisign"

	"codex/pkg/atomicfile"
	"codex/pkg/foreign"
)

// PublicKey is the publisher's key in minisign's format (RW...), which every update must
// be signed with. It is set with -ldflags "-X codex/pkg/daemon/updater.PublicKey=...";
// a build without one is an unsigned build, which says so.
var PublicKey string

// maxSignature bounds a signature file: two comments and two signatures.
const maxSignature = 16 << 10

// seenFile remembers when the newest list was signed that an update was made from.
const seenFile = "updater-signed"

// verify holds the list of checksums against its signature, and refuses one that is older
// than a list seen before: whoever serves releases could offer an old one with old faults.
func (s Source) verify(sums, signature []byte) error {
	var key minisign.PublicKey
	if err := key.UnmarshalText([]byte(s.Key)); err != nil {
		return fmt.Errorf("the public key of this build: %w", err)
	}
	if !minisign.Verify(key, sums, signature) {
		return errors.New("its signature is not the publisher's: nothing of it is used")
	}
	var sig minisign.Signature
	if err := sig.UnmarshalText(signature); err != nil {
		return fmt.Errorf("read signature: %w", err)
	}
	signed, err := signedAt(sig.TrustedComment)
	if err != nil {
		return err
	}
	return s.remember(signed)
}

// signedAt is the time in the signed comment, "timestamp:SECONDS" as minisign(1) has it.
func signedAt(comment string) (int64, error) {
	for _, f := range strings.Fields(comment) {
		if n, ok := strings.CutPrefix(f, "timestamp:"); ok {
			if sec, err := strconv.ParseInt(n, 10, 64); err == nil && sec >= 0 {
				return sec, nil
			}
		}
	}
	return 0, errors.New("its signature says no time of signing")
}

// remember keeps the latest time of signing, and refuses an earlier one. A file that
// cannot be read as a time is begun anew.
func (s Source) remember(signed int64) error {
	path := filepath.Join(s.State, seenFile)
	b, err := foreign.ReadFile(path, 1<<10)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("when the last update was signed: %w", err)
	}
	seen, _ := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64) // 0 when there is none
	switch {
	case signed < seen:
		return fmt.Errorf("it was signed at %d, before the list of an earlier update (%d, in %s): an old one again", signed, seen, path)
	case signed == seen:
		return nil
	}
	if err := atomicfile.Replace(path, 0o600, []byte(strconv.FormatInt(signed, 10)+"\n")); err != nil {
		return fmt.Errorf("remember when the update was signed: %w", err)
	}
	return nil
}
