package policy

import (
	"path"
	"strings"
	"testing"
)

func TestWindowsPaths(t *testing.T) {
	for _, tt := range []struct{ native, slash, back string }{
		{`C:\a\b`, "/C:/a/b", `C:\a\b`},
		{`c:/a/../b\`, "/C:/b", `C:\b`},
		{`C:\`, "/C:", `C:\`},
		{`\\?\C:\a`, "/C:/a", `C:\a`},
		{`\\server\share\a`, "/UNC/server/share/a", `\\server\share\a`},
		{`\\?\UNC\server\share`, "/UNC/server/share", `\\server\share`},
		{`a\b`, "a/b", ""},
		{`\a`, "/a", ""},
		{`/tmp`, "/tmp", ""},
		{`C:a`, "C:a", ""},
		{``, "", ""},
		{`\\.\PhysicalDrive0`, "", ""},
		{`\\?\GLOBALROOT\x`, "", ""},
		{`C:\..\..\x`, "/C:/x", `C:\x`},
	} {
		got := FromWindows(tt.native)
		back, ok := ToWindows(got)
		if got != tt.slash || back != tt.back || ok != (tt.back != "") {
			t.Errorf("%s: %s, %s %v", tt.native, got, back, ok)
		}
	}
}

func FuzzWindowsPaths(f *testing.F) {
	for _, s := range []string{`C:\a\b`, `\\s\h\x`, `\\?\UNC\s\h`, `/tmp`, `C:..\x`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !strings.HasPrefix(s, `\\`) && !drive(strings.ReplaceAll(s, `\`, "/")) {
			return // not absolute
		}
		slash := path.Clean(FromWindows(s))
		native, ok := ToWindows(slash)
		if !ok {
			return
		}
		if again := FromWindows(native); again != slash {
			t.Errorf("%q became %q, then %q, then %q", s, slash, native, again)
		}
	})
}
