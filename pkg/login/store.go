package login

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

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

// ringTime is how long a keyring may take: a person may have to unlock it.
const ringTime = time.Minute

// ringStore is an entry in the keyring of the desktop.
type ringStore struct {
	file    auth.File // where the credential was before
	account string    // name of the entry
	absent  error     // why there can be no keyring
	set     func(service, user, text string) error
}

// ring names the entry of one home folder.
func (p Process) ring(file auth.File) ringStore {
	sum := sha256.Sum256([]byte(file.Home))
	return ringStore{file: file, account: "cli|" + hex.EncodeToString(sum[:])[:16], absent: p.noBus(), set: keyring.Set}
}

// noBus says that there is no session bus, where keyrings are except on macOS and Windows:
// one would be started otherwise, for nobody.
func (p Process) noBus() error {
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" || p.Env.Get("DBUS_SESSION_BUS_ADDRESS") != "" {
		return nil
	}
	if _, err := os.Stat(fmt.Sprintf("/run/user/%d/bus", p.Env.UID)); err == nil {
		return nil
	}
	return errors.New("no keyring here: DBUS_SESSION_BUS_ADDRESS is not set")
}

// do calls the keyring, and does not wait for ever.
func (r ringStore) do(call func() error) error {
	if r.absent != nil {
		return r.absent
	}
	done := make(chan error, 1)
	go func() { done <- call() }()
	select {
	case err := <-done:
		return err
	case <-time.After(ringTime):
		return fmt.Errorf("the keyring did not answer within %v: is it locked?", ringTime)
	}
}

func (r ringStore) Read() (string, error) {
	var text string
	err := r.do(func() (err error) {
		text, err = keyring.Get(ringService, r.account)
		return err
	})
	switch {
	case errors.Is(err, keyring.ErrNotFound):
		return "", nil
	case err != nil:
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
	if err != nil || text == old {
		return err
	}
	if err := r.do(func() error { return r.set(ringService, r.account, text) }); err != nil {
		return fmt.Errorf("failed to write OAuth tokens to keyring: %w", err)
	}
	_, err = r.file.Remove()
	return err
}

// Remove removes a file that an earlier setting has left, too.
func (r ringStore) Remove() (bool, error) {
	err := r.forget()
	if err != nil && !errors.Is(err, keyring.ErrNotFound) {
		return false, err
	}
	file, ferr := r.file.Remove()
	return err == nil || file, ferr
}

// forget removes the entry.
func (r ringStore) forget() error {
	if err := r.do(func() error { return keyring.Delete(ringService, r.account) }); err != nil {
		return fmt.Errorf("failed to delete auth from keyring: %w", err)
	}
	return nil
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
	return a.ring.forget()
}

// Remove is done without a keyring that does not answer only where the file was what
// counted: else nobody knows what that holds.
func (a autoStore) Remove() (bool, error) {
	if a.ring.absent != nil {
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
