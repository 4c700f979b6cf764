//go:build unix

// Package execvp finds programs as execvp(3) does, in an environment that is not the
// process's own. It imports golang.org/x/sys only.
package execvp

import (
	"cmp"
	"strings"
	"syscall"
)

// defaultPath is what is searched when PATH is unset.
const defaultPath = "/bin:/usr/bin"

// Lookup finds the file that execvp(3) would run: name itself when it has a
// slash, else the first executable of that name in the PATH of env. Relative
// names and PATH entries count from dir. The error is an errno: EACCES when
// something was found that may not be run, else ENOENT.
func Lookup(name, dir string, env []string) (string, error) {
	from := func(p string) string {
		if strings.HasPrefix(p, "/") {
			return p
		}
		return dir + "/" + p
	}
	if strings.Contains(name, "/") {
		if err := runnable(from(name)); err != nil {
			return "", err
		}
		return name, nil
	}
	list := defaultPath
	for _, kv := range env { // the last setting counts
		if v, ok := strings.CutPrefix(kv, "PATH="); ok {
			list = v
		}
	}
	var found error = syscall.ENOENT
	for more := true; more; {
		var d string
		d, list, more = strings.Cut(list, ":")
		d = cmp.Or(d, ".")
		p := d + "/" + name
		err := runnable(from(p))
		if err == nil {
			return p, nil
		}
		if err == syscall.EACCES {
			found = err
		}
	}
	return "", found
}

// runnable says whether p is a regular file that we may execute.
func runnable(p string) error {
	var st syscall.Stat_t
	for {
		if err := syscall.Stat(p, &st); err == syscall.EINTR {
			continue
		} else if err == syscall.ENOTDIR {
			return syscall.ENOENT
		} else if err != nil {
			return err
		}
		break
	}
	if st.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return syscall.EACCES
	}
	return access(p)
}
