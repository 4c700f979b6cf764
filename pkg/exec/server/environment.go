package server

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"codex/pkg/exec/wire"
	"codex/pkg/policy"
	"codex/pkg/shellenv"
)

// environment says where this is, in the shape of the original's later servers.
func (s *server) environment() *wire.EnvironmentInfo {
	env := shellenv.Map(s.opts.Env)
	home, shell := passwd()
	if h := env["HOME"]; h != "" {
		home = h
	}
	home = cmp.Or(home, "/")
	if shell == "" {
		if shell = env["SHELL"]; shell == "" {
			shell = "/bin/sh"
		}
	}
	tmp := env[policy.TempVariable]
	info := &wire.EnvironmentInfo{
		Shell:           wire.Shell{Name: filepath.Base(shell), Path: shell},
		ExecutorVersion: s.opts.Version, ProviderID: "codex-sandbox",
		Cwd: wire.PathToURI(s.opts.Dir), UserHomeDir: wire.PathToURI(home),
		PlatformOS: runtime.GOOS, PrependPathDirs: []string{}, TemporaryDirectories: []string{},
		TempDir: wire.PathToURI("/tmp"), Capabilities: map[string]bool{},
	}
	if runtime.GOOS == "darwin" {
		info.PlatformOS = "macos"
	}
	if filepath.IsAbs(tmp) {
		info.TempDir = wire.PathToURI(tmp)
		info.TemporaryDirectories = []string{info.TempDir}
	}
	for _, name := range [...]string{
		wire.CapMerge, wire.CapResize, wire.CapEOF, wire.CapRetain, wire.CapCounts,
		wire.CapLimits, wire.CapSignals, wire.CapTerminate, wire.CapRename,
	} {
		info.Capabilities[name] = true
	}
	info.Capabilities[wire.CapSandbox] = canConfine
	info.Capabilities[wire.CapNetwork] = canConfine && runtime.GOOS != "windows" && s.opts.NetProxy != nil
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
