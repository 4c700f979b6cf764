// Package homedir finds the home folder of a user.
//
// Ground layer: it imports the standard library only.
package homedir

import (
	"os/user"
	"runtime"
	"strconv"
)

// Of gives the home folder that the environment names, or else, as for services and
// containers that have none there, the one of the user's entry in passwd(5); "" when
// there is neither.
func Of(getenv func(string) string, uid int) string {
	variable := "HOME"
	if runtime.GOOS == "windows" {
		variable = "USERPROFILE"
	}
	if dir := getenv(variable); dir != "" {
		return dir
	}
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return ""
	}
	return u.HomeDir
}
