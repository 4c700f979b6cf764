package execserver

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"codex/pkg/execwire"
	"codex/pkg/policy"
)

// environment says where this is, in the shape of the original's later servers.
func (s *server) environment() *execwire.EnvironmentInfo {
	env := environOf(s.opts.Env)
	home, shell := passwd()
	if h := env["HOME"]; h != "" {
		home = h
	}
	if home == "" {
		home = "/"
	}
	if shell == "" {
		if shell = env["SHELL"]; shell == "" {
			shell = "/bin/sh"
		}
	}
	tmp := env[policy.TempVariable]
	info := &execwire.EnvironmentInfo{
		Shell:           execwire.Shell{Name: filepath.Base(shell), Path: shell},
		ExecutorVersion: s.opts.Version, ProviderID: "codex-sandbox",
		Cwd: execwire.PathToURI(s.opts.Dir), UserHomeDir: execwire.PathToURI(home),
		PlatformOS: runtime.GOOS, PrependPathDirs: []string{}, TemporaryDirectories: []string{},
		TempDir: execwire.PathToURI("/tmp"), Capabilities: map[string]bool{},
	}
	if runtime.GOOS == "darwin" {
		info.PlatformOS = "macos"
	}
	if filepath.IsAbs(tmp) {
		info.TempDir = execwire.PathToURI(tmp)
		info.TemporaryDirectories = []string{info.TempDir}
	}
	for _, name := range [...]string{
		execwire.CapMerge, execwire.CapResize, execwire.CapEOF, execwire.CapRetain, execwire.CapCounts,
		execwire.CapLimits, execwire.CapSignals, execwire.CapTerminate, execwire.CapRename,
	} {
		info.Capabilities[name] = true
	}
	info.Capabilities[execwire.CapSandbox] = canConfine
	info.Capabilities[execwire.CapNetwork] = canConfine && runtime.GOOS != "windows" && s.opts.NetProxy != nil
	return info
}

// canConfine says whether package sandbox enforces anything on this system. Where the
// host refuses, the start does, with the reason.
const canConfine = runtime.GOOS == "linux" || runtime.GOOS == "darwin" || runtime.GOOS == "windows"

// passwd gives the home and the login shell of our user, "" when unknown.
func passwd() (home, shell string) {
	b, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return "", ""
	}
	uid := []byte(strconv.Itoa(os.Getuid()))
	for line := range bytes.Lines(b) {
		f := bytes.Split(bytes.TrimSpace(line), []byte{':'})
		if len(f) >= 7 && bytes.Equal(f[2], uid) {
			return string(f[5]), string(f[6])
		}
	}
	return "", ""
}
