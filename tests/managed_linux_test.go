package tests

import (
	"os/exec"
	"strings"
	"testing"
)

// TestManaged: what an administrator requires holds, and the user is told. The folder /etc of
// the run is one of its own.
func TestManaged(t *testing.T) {
	if out, err := exec.Command("unshare", "-rm", "mount", "-t", "tmpfs", "none", "/etc").CombinedOutput(); err != nil {
		t.Skipf("no namespace with an /etc of its own: %v: %s", err, out)
	}
	d := newDesk(t)
	in := func(files, command string) (stdout, stderr string, status int) {
		script := "mount -t tmpfs none /etc && mkdir /etc/codex && " + files + " && exec " + command
		return d.bash(t, "unshare -rm sh -c '"+script+"'")
	}
	for _, c := range []struct {
		files, command string
		status         int
		want, not      []string
	}{
		{`echo "allowed_approval_policies = [\"untrusted\"]" >/etc/codex/requirements.toml`, "codex exec hi", 0,
			[]string{"\napproval: untrusted\n", "Configured value for `approval_policy` is disallowed by requirements; falling back to required value UnlessTrusted. Details: ", "(set by /etc/codex/requirements.toml)"}, nil},
		{`echo "model = \"of-the-machine\"" >/etc/codex/config.toml`, "codex exec hi", 0, []string{"\nmodel: of-the-machine\n"}, nil},
		{`echo "model = \"managed\"" >/etc/codex/managed_config.toml`, "codex exec -c model=mine hi", 0, []string{"\nmodel: managed\n"}, []string{"mine"}},
		{`echo "allowed_sandbox_modes = [\"read-only\"]" >/etc/codex/requirements.toml`, "codex exec -s danger-full-access hi", 1,
			[]string{"do not allow `sandbox_mode = \"danger-full-access\"`"}, nil},
		{`echo "allowed_approval_policies = 5" >/etc/codex/requirements.toml`, "codex exec hi", 1,
			[]string{"Error loading config.toml: Error parsing requirements file /etc/codex/requirements.toml"}, nil},
	} {
		_, errs, status := in(c.files, c.command)
		if status != c.status {
			t.Errorf("%s, %s: status %d\n%s", c.files, c.command, status, errs)
		}
		for _, want := range c.want {
			if !strings.Contains(errs, want) {
				t.Errorf("%s, %s: no %q in\n%s", c.files, c.command, want, errs)
			}
		}
		for _, not := range c.not {
			if strings.Contains(errs, not) {
				t.Errorf("%s, %s: %q in\n%s", c.files, c.command, not, errs)
			}
		}
	}
}

// TestReadOnlyConfig: settings that another program made, on a medium that is only read, are
// used; what a run has to remember goes elsewhere, and a decision about a parent folder holds.
func TestReadOnlyConfig(t *testing.T) {
	d := newDesk(t)
	out, errs, status := d.bash(t, `unshare -rm bash -c 'mkdir ../ro ../src ../src/a && mount -t tmpfs none ../ro && git init -q ../src/a' || exit 77`)
	if status == 77 {
		t.Skipf("no namespace with mounts of its own: %s%s", out, errs)
	}
	out, errs, status = d.bash(t, `cat >../run.sh <<'E'
set -e
mount -t tmpfs none ../ro
cp "$CODEX_HOME/config.toml" ../ro/
printf '[projects."%s/*"]\ntrust_level = "trusted"\n' "$(realpath ../src)" >>../ro/config.toml
mount -o remount,bind,ro ../ro
ln -sf "$(realpath ../ro)/config.toml" "$CODEX_HOME/config.toml"
codex exec -s workspace-write hi 2>&1 >/dev/null | grep 'trusted from now on'
codex exec hi 2>&1 >/dev/null | grep '^sandbox: workspace-write'
cd ../src/a
codex exec hi 2>&1 >/dev/null | grep '^sandbox: workspace-write'
codex features enable memories 2>&1 && exit 1
cat "$CODEX_HOME/state.toml"
E
unshare -rm bash ../run.sh`)
	if status != 0 || !strings.Contains(out, "(state.toml)\n") || strings.Count(out, "\nsandbox: workspace-write") != 2 || !strings.Contains(out, "read-only file system") ||
		strings.Count(out, "trust_level = \"trusted\"") != 1 {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
}
