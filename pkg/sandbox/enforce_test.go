//go:build linux

package sandbox

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"codex/pkg/policy"
	"codex/pkg/sandbox/linux"
)

// TestShell runs scripts in each mode. \"$OUT\" is outside, the script starts in
// the workspace.
func TestShell(t *testing.T) {
	needSpaces(t)
	tests := []struct {
		name, script string
		ro, ww       bool // whether it succeeds
	}{
		{"read outside", "cat \"$OUT\"/canary", true, true},
		{"write inside", "echo x >f && rm f", false, true},
		{"write outside", "echo x >\"$OUT\"/f", false, false},
		{"append outside", "echo x >>\"$OUT\"/canary", false, false},
		{"remove outside", "rm -f \"$OUT\"/canary", false, false},
		{"mode outside", "chmod 600 \"$OUT\"/canary", false, false},
		{"times outside", "touch \"$OUT\"/canary", false, false},
		{"link from outside", "ln \"$OUT\"/canary h", false, false},
		{"move from outside", "mv \"$OUT\"/canary c", false, false},
		{"through a symbolic link", "ln -s \"$OUT\" l; echo x >l/f", false, false},
		{"rename the root", "mv $PWD $PWD.2", false, false},
		{"through pid 1", "echo x >/proc/1/root\"$OUT\"/f", false, false},
		{"through pid 1's directory", "ls /proc/1/cwd/", false, false},
		{"write a hook", "echo x >.git/hooks/h", false, false},
		{"rename git", "mv .git g", false, false},
		{"make codex", "mkdir .codex", false, false},
		{"make agents as a link", "ln -s \"$OUT\" .agents", false, false},
		{"become a repository", "mkdir -p objects refs && echo 'ref: refs/heads/x' >HEAD", false, false},
		{"nested names", "mkdir -p sub/.codex && rmdir sub/.codex sub", false, true},
		{"null", "echo x >/dev/null && head -c 1 /dev/zero >/dev/null", true, true},
		{"shm", "echo x >/dev/shm/f && rm /dev/shm/f", true, true},
		{"stderr by name", "echo x >/dev/stderr", true, true},
		{"own memory", ": <>/proc/self/mem", true, true},
		{"kernel settings", "echo x >/proc/sys/kernel/core_pattern", false, false},
		{"sysrq", ": >>/proc/sysrq-trigger", false, false},
		{"anything of the kernel's", "find /proc /sys -path '/proc/[0-9]*' -prune -o -type f -writable -print 2>/dev/null | grep -v /proc/self | grep -q .", false, false},
		{"host processes", "kill -0 $HOSTPID", false, false},
		{"devices", "ls /dev/vda /dev/sda /dev/mem /dev/kmsg /dev/fuse 2>/dev/null | grep -q .", false, false},
		{"network variable", `test "$` + NetworkDisabled + `" = 1`, true, true},
		{"few processes", `test $(ls /proc | grep -c '^[0-9]') -lt 6`, true, true},
		{"execute what was built", "cp /bin/true t && ./t && rm t", false, true},
		{"no setuid mounts", "grep ' / / ' /proc/self/mountinfo | grep -q nosuid", true, true},
		{"pipes", "echo a | cat | grep -q a", true, true},
		{"background", "sleep 0 & wait", true, true},
	}
	p := newSite(t)
	if err := os.MkdirAll(p.ws+"/.git/hooks", 0o755); err != nil {
		t.Fatal(err)
	}
	env := append(testEnv(), "OUT="+p.out, fmt.Sprintf("HOSTPID=%d", os.Getpid()))
	for _, tt := range tests {
		for mode, want := range map[string]bool{"ro": tt.ro, "ww": tt.ww} {
			pol := p.readOnly(t)
			if mode == "ww" {
				pol = p.workspace(t)
			}
			r := runSpec(t, Spec{Policy: pol, Argv: []string{"sh", "-c", tt.script}, Dir: p.ws, Env: env})
			if r.err != nil || (r.exit.Code == 0) != want {
				t.Errorf("%s, %s: %+v, want success %v", mode, tt.name, r, want)
			}
		}
	}
	for _, left := range []string{".codex", ".agents"} {
		if exists(filepath.Join(p.ws, left)) {
			t.Errorf("%s was left behind", left)
		}
	}
	if b, _ := os.ReadFile(p.out + "/canary"); string(b) != "safe\n" {
		t.Errorf("the canary says %q", b)
	}
}

// TestCalls makes the calls that a shell cannot.
func TestCalls(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	l, err := net.Listen("unix", p.ws+"/sock")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.WriteFile(p.ws+"/f", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	// What is open here without close-on-exec must not come through: a number that no
	// process gives to anything else.
	file, err := os.OpenFile(p.out+"/canary", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	leak, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD, 100)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(leak)
	tests := []struct {
		name    string
		args    []string
		off, on bool // whether it works without and with the network
	}{
		{"inet", nil, false, true},
		{"inet-dgram", nil, false, true},
		{"inet6", nil, false, true},
		{"netlink", nil, false, true},
		{"packet", nil, false, false},
		{"vsock", nil, false, true},
		{"unix-dgram", nil, false, true},
		{"unix-raw", nil, false, true},
		{"unix-dgram-nb", nil, false, true},
		{"unix-stream", nil, true, true},
		{"pair", nil, true, true},
		{"pair-dgram", nil, false, true},
		{"connect", []string{p.ws + "/sock"}, false, true},
		{"bind-unix", []string{p.ws + "/mine"}, false, true},
		{"ptrace", nil, false, true},
		{"ptrace-1", nil, false, false},
		{"io_uring", nil, false, false},
		{"keyctl", nil, false, false},
		{"bpf", nil, false, false},
		{"perf", nil, false, false},
		{"userfaultfd", nil, false, false},
		{"newuser", nil, false, false},
		{"newnet", nil, false, false},
		{"newtime", nil, false, false},
		{"clone3", nil, false, false},
		{"chroot", []string{p.ws}, false, false},
		{"umount", []string{"/proc"}, false, false},
		{"remount", []string{"/"}, false, false},
		{"bind", []string{p.ws, "/etc"}, false, false},
		{"suid-chmod", []string{p.ws + "/f"}, false, false},
		{"suid-create", []string{p.ws + "/s"}, false, false},
		{"sgid-chmod", []string{p.ws + "/f"}, false, false},
		{"suid-openat2", []string{p.ws + "/s"}, false, false},
		{"lease", []string{p.out + "/canary"}, false, false},
		{"setpgid", nil, true, true},
		{"setsid", nil, true, true},
		{"foreign-ids", []string{p.ws + "/f"}, true, true},
		{"chmod", []string{"/dev/null"}, false, false},
		{"chtime", []string{"/dev/zero"}, false, false},
		{"sticky-chmod", []string{p.ws + "/f"}, true, true},
		{"setrlimit-core", nil, false, false},
		{"open-write", []string{"/proc/1/mem"}, false, false},
		{"open-write", []string{p.out + "/canary"}, false, false},
		{"fd", []string{strconv.Itoa(leak)}, false, false},
		{"seccomp-on-1", nil, true, true},
		{"caps", nil, true, true},
	}
	for _, tt := range tests {
		for net, want := range map[bool]bool{false: tt.off, true: tt.on} {
			pol := p.workspace(t)
			pol.Network = net
			r := p.role(t, pol, "try", append([]string{tt.name}, tt.args...)...)
			if tt.name == "vsock" && net && strings.Contains(r.out, "not supported") {
				continue // no such sockets in this kernel
			}
			if r.err != nil || (r.exit.Code == 0) != want {
				t.Errorf("%s %v, network %v: %+v, want success %v", tt.name, tt.args, net, r, want)
			}
			os.Remove(p.ws + "/mine")
		}
	}
}

// TestDecisionsHold compares policy's answers with the kernel's for random
// trees, roots and names.
func TestDecisionsHold(t *testing.T) {
	needSpaces(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	words := []string{"a", "b", ".git", ".codex", ".agents", ".gitx", "c"}
	name := func(dir string) string {
		for range 1 + rnd.IntN(4) {
			dir = filepath.Join(dir, words[rnd.IntN(len(words))])
		}
		return dir
	}
	for round := range 12 {
		p := newSite(t)
		for range 12 { // a random tree; where a file is in the way, none
			n := name(p.base)
			if rnd.IntN(3) == 0 {
				os.MkdirAll(filepath.Dir(n), 0o755)
				os.WriteFile(n, nil, 0o644)
			} else {
				os.MkdirAll(n, 0o755)
			}
		}
		var roots []string
		for range rnd.IntN(4) {
			if n := name(p.base); exists(n) {
				roots = append(roots, n)
			}
		}
		prof := policy.WorkspaceWrite(policy.WriteOptions{WritableRoots: roots, ExcludeSlashTmp: true})
		if rnd.IntN(2) == 0 {
			if n := name(p.base); exists(n) {
				prof.FileSystem.Entries = append(prof.FileSystem.Entries,
					policy.Entry{Path: policy.Path{Type: policy.PathLiteral, Value: n}, Access: policy.AccessRead})
			}
		}
		pol := p.resolve(t, prof)
		names := []string{p.ws, p.base, p.out}
		for range 60 {
			if n := name(p.base); exists(filepath.Dir(n)) {
				if st, err := os.Stat(filepath.Dir(n)); err == nil && st.IsDir() {
					names = append(names, n)
				}
			}
		}
		r := p.role(t, pol, "writes", names...)
		if r.err != nil || r.exit.Code != 0 {
			t.Fatalf("round %d: %+v", round, r)
		}
		for i, line := range strings.Split(r.out, "\n") {
			if want := fmt.Sprint(names[i], " ", pol.CanWrite(names[i])); line != want {
				t.Errorf("round %d, roots %v: the kernel says %q, policy %q\n%+v", round, roots, line, want, pol.Writable)
			}
		}
	}
}

// TestSwappedRoot holds that a folder which takes a writable root's name after the policy
// was resolved is not the one that was granted.
func TestSwappedRoot(t *testing.T) {
	needSpaces(t)
	for name, swap := range map[string]func(p site) error{
		"folder": func(p site) error { return os.Mkdir(p.ws, 0o755) },
		"link":   func(p site) error { return os.Symlink(p.out, p.ws) },
	} {
		for _, alone := range []bool{false, true} {
			p := newSite(t)
			pol := p.workspace(t)
			if err := os.Rename(p.ws, p.ws+"2"); err != nil {
				t.Fatal(err)
			}
			if err := swap(p); err != nil {
				t.Fatal(err)
			}
			spec := Spec{Policy: pol, Argv: []string{"sh", "-c", "echo x >f"}, Dir: "/", Env: testEnv(), LandlockAlone: alone}
			if alone {
				spec.Support = &Support{Support: linux.Support{Seccomp: true, Landlock: hostSupport().Landlock}}
			}
			if r := runSpec(t, spec); r.err == nil || exists(p.ws+"/f") {
				t.Errorf("%s, Landlock alone %v: %+v", name, alone, r)
			}
		}
	}
}

// TestPins holds that no folder above something protected or hidden can be moved away.
func TestPins(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	for _, f := range []string{"conf/deep/key.pem", "top/inner/.git/config", "top/inner/f", "globs/a/b/x.env", "free/f"} {
		os.MkdirAll(filepath.Dir(p.ws+"/"+f), 0o755)
		os.WriteFile(p.ws+"/"+f, []byte("text\n"), 0o644)
	}
	pol := p.resolve(t, profileOf(special(policy.KindRoot, policy.AccessRead), literal(p.ws, policy.AccessWrite),
		literal(p.ws+"/conf/deep", policy.AccessNone), literal(p.ws+"/top/inner/.git", policy.AccessRead),
		pattern(p.ws+"/globs/*/b/*.env")))
	for script, want := range map[string]bool{
		"mv conf c2": false, "mv conf/deep conf/d": false, "mv top t2": false, "mv top/inner top/i": false, "mv top/inner/f g": true,
		"mv globs g2": false, "mv globs/a globs/c": false, "mv globs/a/b globs/a/c": false, "rm -rf globs/a": false,
		"mv free f2 && mv f2 free": true, "touch conf/n globs/a/b/n && rm conf/n globs/a/b/n": true,
	} {
		if r := p.sh(t, pol, script); r.err != nil || (r.exit.Code == 0) != want {
			t.Errorf("%s: %+v, want success %v", script, r, want)
		}
	}
}

// TestDenied hides paths, from root as well.
func TestDenied(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	os.MkdirAll(p.ws+"/secret/deep", 0o755)
	os.WriteFile(p.ws+"/secret/f", []byte("s"), 0o644)
	os.WriteFile(p.ws+"/key", []byte("s"), 0o644)
	prof := policy.WorkspaceWrite(policy.WriteOptions{ExcludeSlashTmp: true})
	for _, n := range []string{"secret", "key"} {
		prof.FileSystem.Entries = append(prof.FileSystem.Entries,
			policy.Entry{Path: policy.Path{Type: policy.PathLiteral, Value: p.ws + "/" + n}, Access: policy.AccessNone})
	}
	pol := p.resolve(t, prof)
	for _, script := range []string{"cat secret/f", "ls secret", "cat key", "chmod 755 secret", "mkdir secret/x", "rm -rf secret", "echo x >key"} {
		if r := p.sh(t, pol, script); r.err != nil || r.exit.Code == 0 {
			t.Errorf("%s: %+v", script, r)
		}
	}
}

// TestOnlyListed shows a command nothing but what its profile lists.
func TestOnlyListed(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	os.MkdirAll(p.ws+"/docs", 0o755)
	os.WriteFile(p.ws+"/docs/a", []byte("a"), 0o644)
	os.WriteFile(p.ws+"/b", []byte("b"), 0o644)
	special := func(kind, sub string, a policy.Access) policy.Entry {
		return policy.Entry{Path: policy.Path{Type: policy.PathSpecial, Kind: kind, Subpath: sub}, Access: a}
	}
	listed := func(e ...policy.Entry) policy.Policy {
		return p.resolve(t, policy.Profile{Type: policy.Managed, FileSystem: policy.FileSystem{
			Entries: append([]policy.Entry{special(policy.KindMinimal, "", policy.AccessRead)}, e...)}})
	}
	docs := special(policy.KindProjectRoots, "docs", policy.AccessRead)
	all := special(policy.KindProjectRoots, "", policy.AccessWrite)
	for _, tt := range []struct {
		name   string
		pol    policy.Policy
		script string
		want   bool
	}{
		{"what is listed", listed(docs), "cat docs/a", true},
		{"what is not", listed(docs), "cat b", false},
		{"the sibling", listed(docs), "ls " + p.out, false},
		{"the root", listed(docs), "test -z \"$(ls / | grep -vxE 'bin|dev|etc|lib|lib32|lib64|libx32|nix|proc|sbin|tmp|usr|run|var|private|" + strings.Split(p.base, "/")[1] + "')\"", true},
		{"writing", listed(docs), "echo x >docs/a", false},
		{"writing the root", listed(docs), "echo x >/x", false},
		{"a writable workspace", listed(all), "echo x >f && rm f && cat b", true},
		{"its protected names", listed(all), "mkdir .git", false},
		{"devices", listed(all), "echo x >/dev/null && head -c 1 /dev/zero", true},
		{"processes", listed(all), "test -r /proc/self/status && test ! -d /proc/" + fmt.Sprint(os.Getpid()), true},
		{"hidden below", listed(all, policy.Entry{Path: policy.Path{Type: policy.PathLiteral, Value: p.ws + "/docs"}, Access: policy.AccessNone}), "cat docs/a", false},
	} {
		if r := p.sh(t, tt.pol, tt.script); r.err != nil || (r.exit.Code == 0) != tt.want {
			t.Errorf("%s: %+v, want success %v", tt.name, r, tt.want)
		}
	}
}

// TestWritableRootDirectory holds that a root may be the whole file system
// with something taken out.
func TestWritableRootDirectory(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	pol := policy.Policy{FullDiskRead: true, Writable: []policy.Root{{Path: "/", ReadOnly: []string{p.ws}}}}
	if r := p.sh(t, pol, "echo x >'"+p.out+"'/f"); r.exit.Code != 0 {
		t.Errorf("outside: %+v", r)
	}
	if r := p.sh(t, pol, "echo x >'"+p.ws+"'/f"); r.exit.Code == 0 {
		t.Errorf("inside: %+v", r)
	}
}

// TestNetworkOnly holds that a policy about the network alone leaves files
// and processes as they are.
func TestNetworkOnly(t *testing.T) {
	p := newSite(t)
	pol := policy.Policy{FullDiskRead: true, FullDiskWrite: true}
	if r := p.sh(t, pol, fmt.Sprintf("echo x >'%s/f' && kill -0 %d", p.out, os.Getpid())); r.err != nil || r.exit.Code != 0 {
		t.Errorf("files: %+v", r)
	}
	if r := p.role(t, pol, "try", "inet"); r.err != nil || r.exit.Code == 0 {
		t.Errorf("network: %+v", r)
	}
}

// TestWithoutNamespaces runs in a user namespace that may make no others.
func TestWithoutNamespaces(t *testing.T) {
	needSpaces(t)
	if hostSupport().Landlock < 3 {
		t.Skip("Landlock is missing or too old")
	}
	p := newSite(t)
	run := func(mode, script string) (string, int) {
		return outerRole(t, &syscall.SysProcAttr{
			Cloneflags:  unix.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		}, "refused", mode, p.ws, script)
	}
	for script, want := range map[string]bool{
		"cat '" + p.out + "'/canary":       true,
		"echo x >/dev/null":                true,
		"echo x >f":                        false,
		"rm -f '" + p.out + "'/canary":     false,
		"chmod 600 '" + p.out + "'/canary": false,
		"touch '" + p.out + "'/canary":     false,
		": >'" + p.out + "'/canary":        false,
		"mkdir d":                          false,
		"exit 7":                           false,
	} {
		if out, code := run("read-only", script); (code == 0) != want {
			t.Errorf("%s: status %d: %s", script, code, out)
		}
	}
	out, code := run("workspace", "echo ran")
	if code != 4 || !strings.Contains(out, "refused: sandbox is not available here: creating namespaces") || strings.Contains(out, "ran") {
		t.Errorf("workspace-write: status %d: %s", code, out)
	}
	for _, tt := range []struct {
		as, script string
		works      bool
	}{
		{"landlock", "echo x >f && mkdir d && chmod 700 d && mv f d/g && rm -r d", true},
		{"landlock", "echo x >" + p.out + "/canary", false},
		{"landlock", "mkdir " + p.out + "/d", false},
		{"landlock", "mv " + p.out + "/canary .", false},
		{"root", "echo x >f && rm f", true},
		{"root", "echo x >.git/config", false},
		{"root", "mkdir .codex", false},
		{"root", "chmod 600 '" + p.out + "'/canary", false},
		{"root", "echo 5 >/proc/sys/user/max_user_namespaces", false},
		{"root", "mount -o remount,rw /", false},
		{"root", "test $(ls /proc | grep -c '^[0-9]') -lt 6", true},
	} {
		if out, code := run(tt.as, tt.script); (code == 0) != tt.works || code == 4 {
			t.Errorf("as %s: %s: status %d: %s", tt.as, tt.script, code, out)
		}
	}
	if b, _ := os.ReadFile(p.out + "/canary"); string(b) != "safe\n" {
		t.Errorf("the canary says %q", b)
	}
}

// TestLessOfAKernel runs where calls are missing that the sandbox would rather use.
func TestLessOfAKernel(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	for _, d := range []string{"/secret", "/a b", "/up/down", "/home/memories"} {
		if err := os.MkdirAll(p.ws+d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(p.out, p.ws+"/.agents"); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"/secret/s", "/a b/hidden", "/up/down/hidden"} {
		if err := os.WriteFile(p.ws+f, []byte("s\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, role := range []string{"old", "unfiltered"} {
		for script, works := range map[string]bool{
			"echo x >f && cat f && rm f":                true,
			"echo x >/dev/null && : >/dev/shm/x":        true,
			"chmod 600 /dev/null":                       false,
			"touch /dev/zero":                           false,
			"setsid true && : </dev/zero":               true,
			"test $(ls /proc | grep -c '^[0-9]') -lt 8": true,
			"echo x >.git/config":                       false,
			"mkdir .codex":                              false,
			"rm .git":                                   false,
			"mv .git c":                                 false,
			"ln -sfn /tmp .git":                         false,
			"test -e .git":                              false,
			"rm .agents":                                false,
			"mv up u2":                                  false,
			"echo x >home/config.toml":                  false,
			"echo x >home/memories/m":                   true,
			": >'" + p.out + "'/canary":                 false,
			"chmod 600 '" + p.out + "'/canary":          false,
			"echo x >/proc/sys/kernel/core_pattern":     false,
			"cat secret/s":                              false,
			"cat 'a b/hidden'":                          false,
			"chmod 755 secret":                          false,
			"mount -o remount,rw /":                     false,
			"exit 7":                                    false,
		} {
			out, code := outerRole(t, nil, role, p.ws, script, p.ws+"/secret", p.ws+"/a b/hidden", p.ws+"/up/down/hidden")
			if (code == 0) != works || code == 4 {
				t.Errorf("%s: %s: status %d: %s", role, script, code, out)
			}
		}
	}
	if exists(p.ws + "/.codex") {
		t.Error("a placeholder is left")
	}
}
