package wintoken

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/windows"

	"codex/pkg/policy"
)

// emulated says that this is Wine, which takes tokens and lists but does not
// hold anybody to them.
func emulated() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
}

func TestToken(t *testing.T) {
	sid := newSID()
	token, err := NewToken([]string{sid})
	if err != nil {
		t.Fatal(err)
	}
	defer token.Close()
	if _, err := token.GetTokenUser(); err != nil {
		t.Error(err)
	}
	if restricted, err := token.IsRestricted(); !emulated() && (err != nil || !restricted) {
		t.Errorf("restricted is %v, %v", restricted, err)
	}
	if _, err := NewToken([]string{"nonsense"}); err == nil {
		t.Error("no identity")
	}
}

// start runs cmd.exe in a job, suspended at first.
func start(t *testing.T, j *Job, line string) *exec.Cmd {
	t.Helper()
	c := exec.Command("cmd", "/c", line)
	c.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_SUSPENDED}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if err := j.Take(c.Process.Pid); err != nil {
		c.Process.Kill()
		t.Fatal(err)
	}
	return c
}

func TestJob(t *testing.T) {
	j, err := NewJob()
	if err != nil {
		t.Fatal(err)
	}
	c := start(t, j, "exit 7")
	if c.Wait(); c.ProcessState.ExitCode() != 7 {
		t.Errorf("%v", c.ProcessState)
	}
	c = start(t, j, "pause")
	if err := j.Kill(); err != nil {
		t.Error(err)
	}
	c.Wait()
	c = start(t, j, "pause")
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	c.Wait() // ends, for its job is closed
	if err := j.Kill(); err != os.ErrProcessDone {
		t.Error(err)
	}
}

func TestApply(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{"ws/.git", "home"} {
		os.MkdirAll(filepath.Join(dir, d), 0o755)
	}
	pol, err := policy.WorkspaceWrite(policy.WriteOptions{ExcludeSlashTmp: true, ExcludeTmpdir: true}).
		Resolve(policy.Env{Cwd: filepath.Join(dir, "ws"), FS: policy.HostFS{}})
	if err != nil {
		t.Fatal(err)
	}
	if len(pol.Writable) != 1 || !pol.CanWrite(filepath.Join(dir, "ws", "f")) || pol.CanWrite(filepath.Join(dir, "ws", ".git", "x")) || pol.CanWrite(dir) {
		t.Fatalf("%+v", pol)
	}
	if got := Missing(pol); len(got) != 2 {
		t.Errorf("missing: %v", got)
	}
	for range 2 {
		token, err := Prepare(pol, filepath.Join(dir, "home"), filepath.Join(dir, "ws"))
		if err != nil {
			t.Fatal(err)
		}
		token.Close()
	}
	var caps *Caps
	WithCaps(filepath.Join(dir, "home"), func(c *Caps) error { caps = c; return nil })
	if len(caps.ByCwd) != 1 || len(caps.ByRoot) != 0 {
		t.Errorf("%+v", caps)
	}
	if emulated() {
		t.Skip("Wine keeps lists as far as modes of Unix can")
	}
	plan, err := NewPlan(pol, policy.FromWindows(filepath.Join(dir, "ws")), caps, kind)
	if err != nil || len(plan.Entries) != 3 {
		t.Fatalf("%+v, %v", plan, err)
	}
	for _, e := range plan.Entries {
		sd, err := windows.GetNamedSecurityInfo(e.Path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
		if err != nil {
			t.Fatal(err)
		}
		dacl, _, err := sd.DACL()
		if err != nil {
			t.Fatal(err)
		}
		sid, _ := windows.StringToSid(e.SID)
		if !has(dacl, e, sid) {
			t.Errorf("%s has no %s", e.Path, e.SDDL())
		}
	}
}

func TestSDDLIsRead(t *testing.T) {
	sid := newSID()
	for _, e := range []Entry{{SID: sid, Mask: rightsModify, Flags: inheritAll | inheritOnly}, {SID: sid, Deny: true, Mask: rightsChange, Flags: inheritAll}} {
		sd, err := windows.SecurityDescriptorFromString("D:" + e.SDDL())
		if err != nil {
			t.Fatal(err)
		}
		dacl, _, err := sd.DACL()
		if err != nil {
			t.Fatal(err)
		}
		s, _ := windows.StringToSid(sid)
		if !has(dacl, e, s) {
			t.Errorf("%s was read as something else", e.SDDL())
		}
		e.Deny = !e.Deny
		if has(dacl, e, s) {
			t.Error("allowing is denying")
		}
	}
	if _, err := windows.SecurityDescriptorFromString(DefaultDACL(sid, []string{sid})); err != nil {
		t.Error(err)
	}
}

// TestSystemReads holds that Windows splits a command line as we join it.
func TestSystemReads(t *testing.T) {
	for _, argv := range [][]string{{"x", "a b", `c\`, `d\\ e\`, `"f"`, "", `\"`}, {`C:\p q\x.exe`, "1"}} {
		got, err := windows.DecomposeCommandLine(CommandLine(argv))
		if err != nil || !slices.Equal(got, argv) {
			t.Errorf("%q, %v", got, err)
		}
	}
}
