package wintoken

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"

	"codex/pkg/policy"
)

// Prepare makes the disk ready for a command under pol and gives the token to
// start it with. home keeps the identities; "" is fine when there is nothing
// to write. dir is the command's working directory.
func Prepare(pol policy.Policy, home, dir string) (windows.Token, error) {
	var plan Plan
	decide := func(c *Caps) (err error) {
		if plan, err = NewPlan(pol, policy.FromWindows(dir), c, kind); err != nil {
			return err
		}
		return apply(plan.Entries)
	}
	var err error
	switch {
	case len(pol.Writable) == 0:
		plan.SIDs = []string{newSID()}
	case home == "":
		return 0, errors.New("CODEX_HOME is not known: the identities of writable roots are kept there")
	default:
		err = locked(home, func() error { return WithCaps(home, decide) })
	}
	if err != nil {
		return 0, err
	}
	return NewToken(plan.SIDs)
}

// Missing lists the paths that pol would protect if they were there.
func Missing(pol policy.Policy) []string {
	plan, err := NewPlan(pol, "", ParseCaps(nil), kind)
	if err != nil {
		return nil
	}
	return plan.Missing
}

func kind(native string) (there, dir bool) {
	st, err := os.Stat(native)
	return err == nil, err == nil && st.IsDir()
}

// locked keeps other processes from changing identities and lists meanwhile.
func locked(home string, do func() error) error {
	if err := os.MkdirAll(home, 0o700); err != nil {
		return fmt.Errorf("make CODEX_HOME: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(home, capsName+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("lock the identities: %w", err)
	}
	defer f.Close()
	if err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0, &windows.Overlapped{}); err != nil {
		return fmt.Errorf("lock the identities: %w", err)
	}
	return do() // closing the file unlocks it
}

// apply adds entries that are not there yet. A list that has them all is left
// alone: to change it is to walk through everything below.
func apply(entries []Entry) error {
	for len(entries) > 0 {
		n := 1
		for n < len(entries) && entries[n].Path == entries[0].Path {
			n++
		}
		if err := applyTo(entries[0].Path, entries[:n]); err != nil {
			return fmt.Errorf("change the access list of %s: %w", entries[0].Path, err)
		}
		entries = entries[n:]
	}
	return nil
}

func applyTo(path string, entries []Entry) error {
	sd, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return err
	}
	dacl, _, err := sd.DACL()
	if err != nil || dacl == nil {
		return errors.New("there is none: a token cannot hold anybody off this file system")
	}
	var keep runtime.Pinner
	defer keep.Unpin()
	var add []windows.EXPLICIT_ACCESS
	for _, e := range entries {
		sid, err := windows.StringToSid(e.SID)
		if err != nil {
			return fmt.Errorf("read identity %s: %w", e.SID, err)
		}
		if has(dacl, e, sid) {
			continue
		}
		keep.Pin(sid)
		x := windows.EXPLICIT_ACCESS{AccessPermissions: windows.ACCESS_MASK(e.Mask), AccessMode: windows.GRANT_ACCESS, Inheritance: uint32(e.Flags)}
		if e.Deny {
			x.AccessMode = windows.DENY_ACCESS
		}
		x.Trustee = windows.TRUSTEE{TrusteeForm: windows.TRUSTEE_IS_SID, TrusteeType: windows.TRUSTEE_IS_UNKNOWN, TrusteeValue: windows.TrusteeValueFromSID(sid)}
		add = append(add, x)
	}
	if len(add) == 0 {
		return nil
	}
	list, err := windows.ACLFromEntries(add, dacl)
	if err != nil {
		return err
	}
	return windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION, nil, nil, list, nil)
}

// has says whether a list holds e itself: not inherited, and no narrower.
func has(list *windows.ACL, e Entry, sid *windows.SID) bool {
	want := uint8(windows.ACCESS_ALLOWED_ACE_TYPE)
	if e.Deny {
		want = windows.ACCESS_DENIED_ACE_TYPE
	}
	for i := uint32(0); ; i++ {
		var ace *windows.ACCESS_ALLOWED_ACE
		if windows.GetAce(list, i, &ace) != nil {
			return false
		}
		if ace.Header.AceType == want && ace.Header.AceFlags == e.Flags && uint32(ace.Mask)&e.Mask == e.Mask &&
			sid.Equals((*windows.SID)(unsafe.Pointer(&ace.SidStart))) {
			return true
		}
	}
}
