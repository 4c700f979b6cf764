package login

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/zalando/go-keyring"

	"codex/pkg/auth"
)

// store keeps the text of a credential; "" is none.
type store interface {
	Read() (string, error)
	Change(ctx context.Context, change func(old string) (string, error)) error
	Remove() (removed bool, err error)
}

// openStore gives the store that cli_auth_credentials_store names.
func (p Process) openStore(name, home string) store {
	file := auth.File{Home: home}
	ring := ringStore{home: home, file: file}
	switch name {
	case "keyring":
		return ring
	case "auto":
		return autoStore{ring: ring, file: file, warn: p.tell}
	case "ephemeral":
		return nowhere{}
	}
	return file
}

// nowhere keeps nothing longer than the process lives, so that a login of its own is
// gone at once.
type nowhere struct{}

func (nowhere) Read() (string, error) { return "", nil }
func (nowhere) Remove() (bool, error) { return false, nil }
func (nowhere) Change(_ context.Context, change func(string) (string, error)) error {
	_, err := change("")
	return err
}

// ringService is the name under which the original keeps its entries.
const ringService = "Codex Auth"

// ringStore is an entry in the keyring of the desktop.
type ringStore struct {
	home string
	file auth.File // where the credential was before
}

// account names the entry of one home folder.
func (r ringStore) account() string {
	sum := sha256.Sum256([]byte(r.home))
	return "cli|" + hex.EncodeToString(sum[:])[:16]
}

func (r ringStore) Read() (string, error) {
	text, err := keyring.Get(ringService, r.account())
	if errors.Is(err, keyring.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("failed to load CLI auth from keyring: %w", err)
	}
	return text, nil
}

// Change also removes the file: from now on the keyring counts.
func (r ringStore) Change(_ context.Context, change func(string) (string, error)) error {
	old, err := r.Read()
	if err != nil {
		return err
	}
	text, err := change(old)
	if err != nil {
		return err
	}
	if err := keyring.Set(ringService, r.account(), text); err != nil {
		return fmt.Errorf("failed to write OAuth tokens to keyring: %w", err)
	}
	_, err = r.file.Remove()
	return err
}

// Remove removes a file that an earlier setting has left, too.
func (r ringStore) Remove() (bool, error) {
	err := keyring.Delete(ringService, r.account())
	if err != nil && !errors.Is(err, keyring.ErrNotFound) {
		return false, fmt.Errorf("failed to delete auth from keyring: %w", err)
	}
	file, ferr := r.file.Remove()
	return err == nil || file, ferr
}

// autoStore is the keyring where there is one, else the file.
type autoStore struct {
	ring ringStore
	file auth.File
	warn func(format string, args ...any)
}

func (a autoStore) Read() (string, error) {
	text, err := a.ring.Read()
	if err != nil {
		a.warn("codex-login: warning: %v; using auth.json", err)
	}
	if text != "" {
		return text, nil
	}
	return a.file.Read()
}

func (a autoStore) Change(ctx context.Context, change func(string) (string, error)) error {
	old, err := a.Read()
	if err != nil {
		return err
	}
	text, err := change(old)
	if err != nil {
		return err
	}
	keep := func(string) (string, error) { return text, nil }
	if err := a.ring.Change(ctx, keep); err != nil {
		a.warn("codex-login: warning: %v; using auth.json", err)
		return a.file.Change(ctx, keep)
	}
	return nil
}

func (a autoStore) Remove() (bool, error) {
	removed, err := a.ring.Remove()
	if err == nil {
		return removed, nil
	}
	return a.file.Remove()
}
