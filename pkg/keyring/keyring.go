// Package keyring keeps secrets in the keyring of the desktop: the Secret Service, or that of
// macOS or Windows. It never waits for ever, and starts no session bus for itself.
//
// Ground layer. It imports github.com/zalando/go-keyring.
package keyring

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/zalando/go-keyring"
)

// answerTime is how long a keyring may take: a person may have to unlock it.
const answerTime = time.Minute

// Entry is a secret by its name.
type Entry struct {
	Service, Account string
	// Absent is why there can be no keyring, nil where there may be one: what Absent gives.
	Absent error
}

// Variable names the session bus.
const Variable = "DBUS_SESSION_BUS_ADDRESS"

// Disabled is the value of Variable with which there is no keyring, on any system.
const Disabled = "disabled:"

// Absent says that there is no session bus, where keyrings are except on macOS and Windows:
// one would be started otherwise, for nobody.
func Absent(getenv func(string) string, uid int) error {
	bus := getenv(Variable)
	if bus == Disabled {
		return errors.New("no keyring here: " + Variable + " is " + Disabled)
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" || bus != "" {
		return nil
	}
	if _, err := os.Stat(fmt.Sprintf("/run/user/%d/bus", uid)); err == nil {
		return nil
	}
	return errors.New("no keyring here: " + Variable + " is not set")
}

// do calls the keyring, and does not wait for ever. What has not answered then is left behind.
func (e Entry) do(ctx context.Context, call func() error) error {
	if e.Absent != nil {
		return e.Absent
	}
	done := make(chan error, 1)
	go func() { done <- call() }()
	late := time.NewTimer(answerTime)
	defer late.Stop()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-late.C:
		return fmt.Errorf("the keyring did not answer within %v: is it locked?", answerTime)
	}
}

// Get gives the secret; ok is false without one.
func (e Entry) Get(ctx context.Context) (text string, ok bool, err error) {
	got := make(chan string, 1) // the call may outlive us
	err = e.do(ctx, func() error {
		text, err := keyring.Get(e.Service, e.Account)
		got <- text
		return err
	})
	switch {
	case errors.Is(err, keyring.ErrNotFound):
		return "", false, nil
	case err != nil:
		return "", false, err
	}
	return <-got, true, nil
}

// Set keeps a secret.
func (e Entry) Set(ctx context.Context, text string) error {
	return e.do(ctx, func() error { return keyring.Set(e.Service, e.Account, text) })
}

// Delete forgets the secret; removed says whether there was one.
func (e Entry) Delete(ctx context.Context) (removed bool, err error) {
	err = e.do(ctx, func() error { return keyring.Delete(e.Service, e.Account) })
	if errors.Is(err, keyring.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
