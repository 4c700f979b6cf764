package tools

import "testing"

func TestUserShell(t *testing.T) {
	exists := map[string]bool{"/work/bash": true, "/bin/zsh": true, "/bin/bash": true, "/usr/bin/fish": true}
	f := Finder{IsFile: func(p string) bool { return exists[p] }, LookPath: func(string) (string, bool) { return "", false }}
	passwd := []byte("root:x:0:0:root:/root:/bin/zsh\nann:x:1000:1000::/home/ann:/usr/bin/fish\nbad line\nbob:x:1001:1001::/home/bob:/nonexistent/bash\n")
	for uid, want := range map[int]Shell{0: {"/bin/zsh", "zsh"}, 1000: {"/bin/bash", "bash"}, 1001: {"/bin/bash", "bash"}, 7: {"/bin/bash", "bash"}} {
		if got := UserShell(passwd, uid, f); got != want {
			t.Errorf("uid %d: %v, want %v", uid, got, want)
		}
	}
	user := Shell{"/bin/zsh", "zsh"}
	for name, want := range map[string]string{"fish": "/bin/sh", "bash": "/bin/bash", "/opt/none/zsh": "/bin/zsh", "/bin/bash": "/bin/bash", "/work/bash": "/bin/bash", "/bin/../work/bash": "/bin/bash"} {
		if got := f.pick(name, user); got.Path != want {
			t.Errorf("shell %q: %s, want %s", name, got.Path, want)
		}
	}
}
