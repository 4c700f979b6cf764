package tools

import (
	"bytes"
	"path/filepath"
	"strconv"
	"strings"
)

// Shell runs the scripts of exec_command.
type Shell struct {
	Path string
	Kind string // bash, zsh, sh, pwsh, cmd
}

// Name is what the environment block calls it.
func (s Shell) Name() string {
	if s.Kind == "pwsh" {
		return "powershell"
	}
	return s.Kind
}

// Argv gives the call that runs script.
func (s Shell) Argv(script string, login bool) []string {
	switch s.Kind {
	case "pwsh":
		if login {
			return []string{s.Path, "-Command", script}
		}
		return []string{s.Path, "-NoProfile", "-Command", script}
	case "cmd":
		return []string{s.Path, "/c", script}
	}
	if login {
		return []string{s.Path, "-lc", script}
	}
	return []string{s.Path, "-c", script}
}

// kindOf reads the shell's type off its name, "" for one that is not known.
func kindOf(path string) string {
	name := strings.ToLower(filepath.Base(path))
	name = strings.TrimSuffix(name, filepath.Ext(name))
	switch name {
	case "bash", "zsh", "sh", "cmd":
		return name
	case "pwsh", "powershell":
		return "pwsh"
	}
	return ""
}

// Finder looks for programs: both say whether and where there is one.
type Finder struct {
	IsFile   func(path string) bool
	LookPath func(name string) (string, bool)
}

func (f Finder) find(kind string) (Shell, bool) {
	if p, ok := f.LookPath(kind); ok {
		return Shell{p, kind}, true
	}
	for _, dir := range []string{"/bin/", "/usr/bin/"} {
		if f.IsFile(dir + kind) {
			return Shell{dir + kind, kind}, true
		}
	}
	return Shell{}, false
}

// UserShell is the login shell of uid in passwd if it is one we know, else bash, zsh, sh, and $SHELL is not asked.
func UserShell(passwd []byte, uid int, f Finder) Shell {
	want := strconv.Itoa(uid)
	for line := range bytes.Lines(passwd) {
		fields := strings.Split(strings.TrimSpace(string(line)), ":")
		if len(fields) < 7 || fields[2] != want {
			continue
		}
		if k := kindOf(fields[6]); k != "" && f.IsFile(fields[6]) {
			return Shell{fields[6], k}
		}
		break
	}
	for _, k := range []string{"bash", "zsh"} {
		if s, ok := f.find(k); ok {
			return s
		}
	}
	return Shell{"/bin/sh", "sh"}
}

// pick is the shell that the model named, by type: a path counts only where systems have
// their programs, for what is elsewhere may be anything.
func (f Finder) pick(name string, user Shell) Shell {
	k := kindOf(name)
	if k == "" {
		return Shell{"/bin/sh", "sh"}
	}
	switch filepath.Dir(name) {
	case "/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin":
		if f.IsFile(name) {
			return Shell{filepath.Clean(name), k}
		}
	}
	if user.Kind == k {
		return user
	}
	if s, ok := f.find(k); ok {
		return s
	}
	return Shell{"/bin/sh", "sh"}
}
