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
	for _, dir := range filepath.SplitList(pathEnv) {
		// A relative entry would run whatever the work tree holds.
		if filepath.IsAbs(dir) {
			if path, ok := executable(dir, program, me); ok {
				return path, nil
			}
		}
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
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	path := filepath.Join(dir, program)
	fi, err := os.Stat(path)
	if err != nil || !fi.Mode().IsRegular() || runtime.GOOS != "windows" && fi.Mode()&0o111 == 0 {
		return "", false
	}
	if me != nil && os.SameFile(me, fi) {
		return "", false
	}
	return path, true
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
