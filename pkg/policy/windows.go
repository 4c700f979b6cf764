package policy

import (
	"path"
	"strings"
)

// FromWindows gives a path of Windows as policies write it, with slashes and
// from one root: C:\a is /C:/a, and \\server\share\a is /UNC/server/share/a.
// One that is not absolute only gets its slashes turned; a device is "".
func FromWindows(native string) string {
	p := strings.ReplaceAll(native, `\`, "/")
	p, long := strings.CutPrefix(p, "//?/")
	switch {
	case drive(p):
		return strings.TrimSuffix("/"+strings.ToUpper(p[:1])+":"+path.Clean("/"+p[2:]), "/")
	case long && strings.HasPrefix(p, "UNC/"):
		return share(p[4:])
	case long || strings.HasPrefix(p, "//./"):
		return "" // a device
	case strings.HasPrefix(p, "//"):
		return share(p[2:])
	}
	return p
}

// share writes what a server has; nothing leads up and out of it.
func share(p string) string {
	p = path.Clean("/" + p)
	if strings.HasPrefix(p, "/?") {
		return ""
	}
	return strings.TrimSuffix("/UNC"+p, "/")
}

// ToWindows is the inverse, of clean paths. False is a path that stands for nothing on Windows,
// such as /tmp.
func ToWindows(slash string) (string, bool) {
	p := strings.TrimPrefix(slash, "/")
	switch {
	case len(p) == len(slash):
		return "", false
	case drive(p):
		if len(p) == 2 {
			p += "/" // C: alone is where that drive's shell is
		}
	case strings.HasPrefix(p, "UNC/") && len(p) > 4 && p[4] != '?':
		p = "//" + p[4:]
	default:
		return "", false
	}
	return strings.ReplaceAll(p, "/", `\`), true
}

// drive says whether p begins with a drive and goes on from its root.
func drive(p string) bool {
	return len(p) >= 2 && p[1] == ':' && ('a' <= p[0]|0x20 && p[0]|0x20 <= 'z') && (len(p) == 2 || p[2] == '/')
}
