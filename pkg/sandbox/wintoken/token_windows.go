package wintoken

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Flags of CreateRestrictedToken.
const (
	disableMaxPrivilege = 0x1 // no privilege but to walk through directories
	luaToken            = 0x4 // no administrator
	writeRestricted     = 0x8 // the listed identities must allow writing, too
)

// NewToken makes a token of this process's user that may write only what one
// of the identities, the logon session or everybody may write as well.
func NewToken(sids []string) (windows.Token, error) {
	var base windows.Token
	const access = windows.TOKEN_DUPLICATE | windows.TOKEN_QUERY | windows.TOKEN_ASSIGN_PRIMARY | windows.TOKEN_ADJUST_DEFAULT |
		windows.TOKEN_ADJUST_SESSIONID | windows.TOKEN_ADJUST_PRIVILEGES
	if err := windows.OpenProcessToken(windows.CurrentProcess(), access, &base); err != nil {
		return 0, fmt.Errorf("open this process's token: %w", err)
	}
	defer base.Close()
	user, err := base.GetTokenUser()
	if err != nil {
		return 0, fmt.Errorf("ask for this process's user: %w", err)
	}
	var keep runtime.Pinner // what the call reads
	defer keep.Unpin()
	var list []windows.SIDAndAttributes
	for _, s := range sids {
		sid, err := windows.StringToSid(s)
		if err != nil {
			return 0, fmt.Errorf("read identity %s: %w", s, err)
		}
		keep.Pin(sid)
		list = append(list, windows.SIDAndAttributes{Sid: sid})
	}
	groups, err := base.GetTokenGroups()
	if err != nil {
		return 0, fmt.Errorf("ask for this process's groups: %w", err)
	}
	for _, g := range groups.AllGroups() {
		if g.Attributes&windows.SE_GROUP_LOGON_ID == windows.SE_GROUP_LOGON_ID {
			list = append(list, windows.SIDAndAttributes{Sid: g.Sid})
		}
	}
	everyone, err := windows.CreateWellKnownSid(windows.WinWorldSid)
	if err != nil {
		return 0, fmt.Errorf("make the identity of everyone: %w", err)
	}
	keep.Pin(everyone)
	list = append(list, windows.SIDAndAttributes{Sid: everyone})

	var token windows.Token
	create := windows.NewLazySystemDLL("advapi32.dll").NewProc("CreateRestrictedToken")
	ok, _, err := create.Call(uintptr(base), disableMaxPrivilege|luaToken|writeRestricted, 0, 0, 0, 0,
		uintptr(len(list)), uintptr(unsafe.Pointer(&list[0])), uintptr(unsafe.Pointer(&token)))
	runtime.KeepAlive(groups)
	if ok == 0 {
		return 0, fmt.Errorf("make a restricted token: %w", err)
	}
	if err := setDefaultDACL(token, DefaultDACL(user.User.Sid.String(), sids)); err != nil {
		token.Close()
		return 0, err
	}
	return token, nil
}

func setDefaultDACL(token windows.Token, sddl string) error {
	sd, err := windows.SecurityDescriptorFromString(sddl)
	if err != nil {
		return fmt.Errorf("read an access list: %w", err)
	}
	dacl, _, err := sd.DACL()
	if err != nil {
		return fmt.Errorf("read an access list: %w", err)
	}
	var keep runtime.Pinner
	keep.Pin(dacl)
	defer keep.Unpin()
	info := struct{ dacl *windows.ACL }{dacl} // TOKEN_DEFAULT_DACL
	if err := windows.SetTokenInformation(token, windows.TokenDefaultDacl, (*byte)(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info))); err != nil {
		return fmt.Errorf("set the token's access list: %w", err)
	}
	return nil
}
