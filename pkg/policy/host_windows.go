package policy

import "io/fs"

// TempVariable names the temporary directory in the environment.
const TempVariable = "TEMP"

// fromHost gives a path of this system as policies write it.
func fromHost(name string) string { return FromWindows(name) }

// toHost is the inverse. What has no name here, such as /tmp, does not exist.
func toHost(name string) (string, error) {
	if native, ok := ToWindows(name); ok {
		return native, nil
	}
	return "", fs.ErrNotExist
}
