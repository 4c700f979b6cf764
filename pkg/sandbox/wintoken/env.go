package wintoken

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
)

// Offline is env with what makes well-meaning programs stay off the network:
// proxies where nothing listens, offline modes, and a directory of stubs in
// front of PATH. What env says itself stays. It holds nobody
// who does not want to be held.
func Offline(env []string, stubs string) []string {
	out := append([]string(nil), env...)
	const nowhere = "http://127.0.0.1:9"
	for _, kv := range [][2]string{
		{"HTTP_PROXY", nowhere}, {"HTTPS_PROXY", nowhere}, {"ALL_PROXY", nowhere}, {"NO_PROXY", "localhost,127.0.0.1,::1"},
		{"PIP_NO_INDEX", "1"}, {"PIP_DISABLE_PIP_VERSION_CHECK", "1"}, {"NPM_CONFIG_OFFLINE", "true"}, {"CARGO_NET_OFFLINE", "true"},
		{"GIT_HTTP_PROXY", nowhere}, {"GIT_HTTPS_PROXY", nowhere}, {"GIT_SSH_COMMAND", "cmd /c exit 1"}, {"GIT_ALLOW_PROTOCOLS", ""},
	} {
		if find(out, kv[0]) < 0 {
			out = append(out, kv[0]+"="+kv[1])
		}
	}
	out = set(out, "SBX_NONET_ACTIVE", "1")
	if stubs == "" {
		return out
	}
	path := stubs
	if old := value(out, "PATH"); old != "" {
		path += ";" + old
	}
	return set(set(out, "PATH", path), "PATHEXT", scriptsFirst(value(out, "PATHEXT")))
}

// scriptsFirst puts .BAT and .CMD, which the stubs are, before programs.
func scriptsFirst(list string) string {
	list = cmp.Or(list, ".COM;.EXE;.BAT;.CMD")
	var first, rest []string
	for _, e := range strings.Split(list, ";") {
		switch strings.ToUpper(e) {
		case "":
		case ".BAT", ".CMD":
			first = append(first, e)
		default:
			rest = append(rest, e)
		}
	}
	return strings.Join(append(first, rest...), ";")
}

// WriteStubs makes the directory that Offline wants, below home.
func WriteStubs(home string) (string, error) {
	dir := filepath.Join(home, "sandbox-stubs")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for _, name := range []string{"ssh.bat", "ssh.cmd", "scp.bat", "scp.cmd"} {
		name = filepath.Join(dir, name)
		if _, err := os.Stat(name); err == nil {
			continue
		}
		if err := os.WriteFile(name, []byte("@echo off\r\nexit /b 1\r\n"), 0o644); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// find looks for a variable; its name is compared without regard to capitals.
func find(env []string, name string) int {
	for i, kv := range env {
		if key, _, _ := strings.Cut(kv, "="); strings.EqualFold(key, name) {
			return i
		}
	}
	return -1
}

func value(env []string, name string) string {
	i := find(env, name)
	if i < 0 {
		return ""
	}
	_, v, _ := strings.Cut(env[i], "=")
	return v
}

// set changes a variable in place, or adds it.
func set(env []string, name, value string) []string {
	if i := find(env, name); i >= 0 {
		key, _, _ := strings.Cut(env[i], "=")
		env[i] = key + "=" + value
		return env
	}
	return append(env, name+"="+value)
}
