//go:build linux

package turnwire

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// roleEnv makes the test binary become the program in its arguments, as in a container
// whose engine forbids new namespaces.
const roleEnv = "TURNWIRE_NO_NAMESPACES"

func becomeConfined(argv []string) error {
	nr := func(call uintptr) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: uint32(call), Jf: 1}
	}
	ret := func(errno syscall.Errno) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 0x50000 | uint32(errno)}
	}
	allow := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 0x7fff0000}
	load := func(at uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
	}
	code := []unix.SockFilter{
		load(0),
		nr(unix.SYS_UNSHARE), ret(unix.EPERM),
		nr(unix.SYS_CLONE3), ret(unix.ENOSYS),
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_CLONE, Jf: 3},
		load(16),
		{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: unix.CLONE_NEWUSER | unix.CLONE_NEWPID, Jf: 1},
		ret(unix.EPERM),
		allow,
	}
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&prog)), 0, 0); err != nil {
		return err
	}
	return syscall.Exec(argv[0], argv, os.Environ())
}

// refusing is an executor that can make no namespaces.
func refusing(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`executor = ["env", "%s=1", %q, %q, "serve"]`, roleEnv, self, filepath.Join(binaries, "codex-sandbox"))
}

const twoTries = `{"call":"exec_command","args":{"cmd":"touch f"}}` + "\n" + `{"call":"exec_command","args":{"cmd":"touch g"}}` + "\n" + `{"msg":"Well."}`

// Where no command can run and nobody may be asked, the turn is over.
func TestSandboxRefused(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: twoTries, top: refusing(t), args: []string{"-a", "never", "-s", "workspace-write"}})
	e.send("go")
	done := e.turnDone("failed")
	if info := done.Get("params.turn.error.codexErrorInfo").Str; info != "sandboxError" {
		t.Errorf("error is %s", done.Raw)
	}
	if text := done.Get("params.turn.error.message").Str; !strings.Contains(text, "creating namespaces") || !strings.Contains(text, "use_legacy_landlock") {
		t.Errorf("the error does not say what was refused and how to go on: %s", text)
	}
}

// Where somebody may be asked, the model hears of it, and people once.
func TestSandboxRefusedButAskable(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: twoTries, top: refusing(t), args: []string{"-a", "on-request", "-s", "workspace-write"}})
	e.send("go")
	e.turnDone("completed")
	if n := len(e.find("method", "warning")); n != 1 {
		t.Errorf("%d warnings", n)
	}
}

// What a weaker sandbox leaves open is told once.
func TestSandboxWeaker(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: twoTries, top: refusing(t), config: "[features]\nuse_legacy_landlock = true\n", args: []string{"-a", "never", "-s", "workspace-write"}})
	e.send("go")
	e.turnDone("completed")
	warnings := e.find("method", "configWarning", "params.summary", "The sandbox is weaker on this machine.")
	if len(warnings) != 1 || !strings.Contains(warnings[0].Get("params.details").Str, ".git") {
		t.Errorf("warnings: %v", warnings)
	}
	for _, name := range []string{"f", "g"} {
		if _, err := os.Stat(filepath.Join(e.work, name)); err != nil {
			t.Error(err)
		}
	}
}
