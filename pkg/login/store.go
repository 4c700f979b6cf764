package login

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"

	"codex/pkg/auth"
	"codex/pkg/keyring"
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
	switch name {
	case "keyring":
		return p.ring(file)
	case "auto":
		var once sync.Once
		return autoStore{ring: p.ring(file), file: file, warn: func(err error) {
			once.Do(func() { p.tell("codex-login: warning: %v; using auth.json", err) })
		}}
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
	keyring.Entry
	file auth.File // where the credential was before
	set  func(ctx context.Context, text string) error
}

// ring names the entry of one home folder.
func (p Process) ring(file auth.File) ringStore {
	sum := sha256.Sum256([]byte(file.Home))
	e := keyring.Entry{Service: ringService, Account: "cli|" + hex.EncodeToString(sum[:])[:16], Absent: keyring.Absent(p.Env.Get, p.Env.UID)}
	return ringStore{Entry: e, file: file, set: e.Set}
}

func (r ringStore) Read() (string, error) {
	text, _, err := r.Get(context.Background())
	if err != nil {
		return "", fmt.Errorf("failed to load CLI auth from keyring: %w", err)
	}
	return text, nil
}

// Change also removes the file: from now on the keyring counts.
func (r ringStore) Change(ctx context.Context, change func(string) (string, error)) error {
	old, err := r.Read()
	if err != nil {
		return err
	}
	text, err := change(old)
	if err != nil || text == old {
		return err
	}
	if err := r.set(ctx, text); err != nil {
		return fmt.Errorf("failed to write OAuth tokens to keyring: %w", err)
	}
	_, err = r.file.Remove()
	return err
}

// Remove removes a file that an earlier setting has left, too.
func (r ringStore) Remove() (bool, error) {
	entry, err := r.forget()
	if err != nil {
		return false, err
	}
	file, err := r.file.Remove()
	return entry || file, err
}

// forget removes the entry; removed says whether there was one.
func (r ringStore) forget() (removed bool, err error) {
	if removed, err = r.Delete(context.Background()); err != nil {
		return false, fmt.Errorf("failed to delete auth from keyring: %w", err)
	}
	return removed, nil
}

// autoStore is the keyring where there is one, else the file.
type autoStore struct {
	ring ringStore
	file auth.File
	warn func(err error)
}

func (a autoStore) Read() (string, error) {
	text, err := a.ring.Read()
	if err != nil {
		a.warn(err)
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
	failed := a.ring.Change(ctx, keep)
	if failed == nil {
		return nil
	}
	a.warn(failed)
	if err := a.file.Change(ctx, keep); err != nil {
		return err
	}
	// An entry that the keyring still gives would count before the file.
	if older, err := a.ring.Read(); err != nil || older == "" {
		return nil
	}
	_, err = a.ring.forget()
	return err
}

// Remove is done without a keyring that does not answer only where the file was what
// counted: else nobody knows what that holds.
func (a autoStore) Remove() (bool, error) {
	if a.ring.Absent != nil {
		return a.file.Remove()
	}
	removed, err := a.ring.Remove()
	if err == nil {
		return removed, nil
	}
	removed, ferr := a.file.Remove()
	if ferr == nil && !removed {
		return false, err
	}
	return removed, ferr
}
