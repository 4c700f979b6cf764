// Package install knows what is installed together with a program of the suite: the other
// programs, beside it or in libexec, and the folder for the PATH of commands.
//
// Ground layer: it imports the standard library only.
package install

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// NotFoundError says where a program of the suite was looked for.
type NotFoundError struct {
	Program string
	Dirs    []string // looked in, in order, before PATH
}

func (e *NotFoundError) Error() string {
	if len(e.Dirs) == 0 {
		return e.Program + " not found on PATH"
	}
	return fmt.Sprintf("%s not found in %s, nor on PATH", e.Program, strings.Join(e.Dirs, ", "))
}

// ExitCode is the shell's status for a command that cannot be found.
func (e *NotFoundError) ExitCode() int { return 127 }

// Program gives the file name of the piece called name: "turn" and "codex-turn" are
// codex-turn, "apply_patch" is itself.
func Program(name string) string {
	if strings.HasPrefix(name, "codex-") || name == "codex" || name == "apply_patch" {
		return name
	}
	return "codex-" + name
}

// Find gives the path of the program for the piece called name: beside self (symbolic
// links resolved, then not), then in the libexec folders near it, then on pathEnv (the
// value of PATH). A file that is self under another name is passed over, so that a link
// to the dispatcher never starts itself. The error is a *NotFoundError.
func Find(self, name, pathEnv string) (string, error) {
	program := Program(name)
	if path, err := Beside(self, program); err == nil {
		return path, nil
	}
	me, _ := os.Stat(self)
	if path, ok := onPath(program, pathEnv, me); ok {
		return path, nil
	}
	return "", &NotFoundError{program, near(self)}
}

// Beside is Find without PATH: only what was installed together with self.
func Beside(self, name string) (string, error) {
	program := Program(name)
	me, _ := os.Stat(self)
	dirs := near(self)
	for _, dir := range dirs {
		if path, ok := executable(dir, program, me); ok {
			return path, nil
		}
	}
	return "", &NotFoundError{program, dirs}
}

// Own gives, for a program of the suite that was installed together with self, its path,
// and any other name as it is: a person who names codex-model in a setting means the one
// that belongs here, whatever is on PATH.
func Own(self string) func(name string) string {
	return func(name string) string {
		if name != "codex" && name != "apply_patch" && !strings.HasPrefix(name, "codex-") || filepath.Base(name) != name {
			return name
		}
		path, err := Beside(self, name)
		if err != nil {
			return name
		}
		return path
	}
}

// LookPath finds a program in the absolute folders of pathEnv, the value of PATH. A
// relative folder would run whatever the work tree holds. The error is a *NotFoundError.
func LookPath(name, pathEnv string) (string, error) {
	if path, ok := onPath(name, pathEnv, nil); ok {
		return path, nil
	}
	return "", &NotFoundError{Program: name}
}

func onPath(name, pathEnv string, me os.FileInfo) (string, bool) {
	for _, dir := range filepath.SplitList(pathEnv) {
		if !filepath.IsAbs(dir) {
			continue
		}
		if path, ok := executable(dir, name, me); ok {
			return path, true
		}
	}
	return "", false
}

// PathDir gives the folder named codex-path that was installed with self: it holds only
// apply_patch and applypatch, and goes first on the PATH of the commands of a turn. It is
// "" when there is none.
func PathDir(self string) string {
	for _, dir := range near(self) {
		d := filepath.Join(dir, "codex-path")
		if fi, err := os.Stat(d); err == nil && fi.IsDir() {
			return d
		}
	}
	return ""
}

// near lists the folders that belong to the installation of self, nearest first.
func near(self string) []string {
	var bases []string
	if resolved, err := filepath.EvalSymlinks(self); err == nil {
		bases = append(bases, filepath.Dir(resolved))
	}
	if dir := filepath.Dir(self); len(bases) == 0 || bases[0] != dir {
		bases = append(bases, dir)
	}
	dirs := append([]string(nil), bases...)
	for _, base := range bases {
		up := filepath.Dir(base)
		dirs = append(dirs, filepath.Join(up, "libexec", "codex"), filepath.Join(up, "libexec"), filepath.Join(base, "libexec"))
	}
	return dirs
}

func executable(dir, program string, me os.FileInfo) (string, bool) {
	for _, suffix := range suffixes() {
		path := filepath.Join(dir, program+suffix)
		fi, err := os.Stat(path)
		if err != nil || !fi.Mode().IsRegular() || suffix == "" && fi.Mode()&0o111 == 0 || me != nil && os.SameFile(me, fi) {
			continue
		}
		return path, true
	}
	return "", false
}

func suffixes() []string {
	if runtime.GOOS == "windows" {
		return []string{".exe", ".com", ".bat", ".cmd"}
	}
	return []string{""}
}

// Self gives the path by which the running program was started, for Find. argv0 is used
// as long as it leads to the same file as exe (the result of os.Executable), so that a
// link in another folder is still seen; otherwise it is exe.
func Self(argv0, exe, pathEnv string) string {
	want, err := os.Stat(exe)
	if err != nil {
		return exe
	}
	candidates := []string{argv0}
	if !strings.ContainsRune(argv0, filepath.Separator) {
		candidates = nil
		for _, dir := range filepath.SplitList(pathEnv) {
			candidates = append(candidates, filepath.Join(dir, argv0))
		}
	}
	for _, c := range candidates {
		abs, err := filepath.Abs(c)
		if err != nil {
			continue
		}
		if fi, err := os.Stat(abs); err == nil && os.SameFile(fi, want) {
			return abs
		}
	}
	return exe
}
