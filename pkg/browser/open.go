// Package browser is the user's browser: it is sent somewhere, and comes back to a port of
// this machine with what a login needs.
//
// Ground package; it imports pkg/cli/install to find programs.
package browser

import (
	"os/exec"
	"path/filepath"
	"runtime"

	"codex/pkg/cli/install"
)

// Opener gives what shows an address in the user's browser: the program is started and
// not waited for. Without one, or without a desktop, nothing happens: the address has
// been printed.
func Opener(getenv func(string) string) func(address string) {
	return func(address string) {
		argv := command(getenv)
		if argv == nil {
			return
		}
		path := argv[0]
		if !filepath.IsAbs(path) {
			var err error
			if path, err = install.LookPath(path, getenv("PATH")); err != nil {
				return
			}
		}
		cmd := exec.Command(path, append(argv[1:], address)...)
		if cmd.Start() == nil {
			go cmd.Wait() // ends with the program at the latest
		}
	}
}

// command is what that opens an address, nil for none.
func command(getenv func(string) string) []string {
	switch {
	case getenv("BROWSER") != "":
		return []string{getenv("BROWSER")}
	case runtime.GOOS == "darwin":
		return []string{"open"}
	case runtime.GOOS == "windows":
		return []string{"rundll32.exe", "url.dll,FileProtocolHandler"}
	case getenv("WSL_DISTRO_NAME") != "":
		return []string{"wslview"}
	case getenv("DISPLAY") != "" || getenv("WAYLAND_DISPLAY") != "":
		return []string{"xdg-open"}
	}
	return nil
}
