package patch

import (
	"errors"
	"strings"
	"testing"
)

func TestIntercept(t *testing.T) {
	const body = "*** Begin Patch\n*** Add File: n\n+$HOME `x` \\$ \"q\" 's'\n*** End Patch"
	heredoc := "<<'EOF'\nBODY\nEOF\n"
	for _, c := range []struct{ script, dir, what string }{
		// What the original takes as well.
		{"apply_patch " + heredoc, "", "hit"},
		{"applypatch " + heredoc, "", "hit"},
		{"apply_patch <<EOF\nBODY\nEOF", "", "hit"},
		{"apply_patch <<\"EOF\"\nBODY\nEOF", "", "hit"},
		{"apply_patch << 'EOF'\nBODY\nEOF", "", "hit"},
		{"apply_patch <<\\EOF\nBODY\nEOF", "", "hit"},
		{"apply_patch <<-'EOF'\n\tBODY\n\tEOF", "", "hit"},
		{"apply_patch <<'E O F'\nBODY\nE O F", "", "hit"},
		{"apply_patch <<'$X'\nBODY\n$X", "", "hit"},
		{"\n\n  apply_patch <<'EOF'\nBODY\nEOF\n\n \n", "", "hit"},
		{"apply_patch \\\n<<'EOF'\nBODY\nEOF", "", "hit"},
		{"apply_patch <<'EOF'\r\nBODY\r\nEOF\r\n", "", "hit"},
		{"apply_patch <<'EOF'\nBODY\n", "", "hit"},
		{"apply_patch <<'EOF'\nBODY\nEOF ", "", "hit"},
		{"apply_patch - " + heredoc, "", "hit"},
		{"FOO=1 apply_patch " + heredoc, "", "hit"},
		{"cd sub && apply_patch " + heredoc, "sub", "hit"},
		{"cd 'sub' && apply_patch " + heredoc, "sub", "hit"},
		{"cd \"s p\" && apply_patch " + heredoc, "s p", "hit"},
		{"cd sub &&\napply_patch " + heredoc, "sub", "hit"},
		{"cd /abs/dir && apply_patch " + heredoc, "/abs/dir", "hit"},
		// What it takes for a directory called s\ p, or reads as no patch.
		{"cd s\\ p && apply_patch " + heredoc, "s p", "hit"},
		{"cd \"s\\\" p\" && apply_patch " + heredoc, "s\" p", "hit"},
		{"apply_patch <<E'O'F\nBODY\nEOF", "", "hit"},
		{"apply_patch 0<<'EOF'\nBODY\nEOF", "", "hit"},
		// What it takes literally, and a shell would not.
		{"cd \"$PWD/sub\" && apply_patch " + heredoc, "", "shell"},
		{"cd ~/sub && apply_patch " + heredoc, "", "shell"},
		{"cd su* && apply_patch " + heredoc, "", "shell"},
		{"cd - && apply_patch " + heredoc, "", "shell"},
		// What it leaves to the shell as well.
		{"FOO=$(id) apply_patch " + heredoc, "", "shell"},
		{"# hi\napply_patch " + heredoc, "", "shell"},
		{"apply_patch " + heredoc + "# hi\n", "", "shell"},
		{"apply_patch <<'EOF' # hi\nBODY\nEOF", "", "shell"},
		{"apply_patch <<'EOF' >/dev/null\nBODY\nEOF", "", "shell"},
		{"apply_patch <<'EOF' 2>&1\nBODY\nEOF", "", "shell"},
		{"<<'EOF' apply_patch\nBODY\nEOF", "", "shell"},
		{"apply_patch x " + heredoc, "", "shell"},
		{"! apply_patch " + heredoc, "", "shell"},
		{"apply_patch <<'EOF' &\nBODY\nEOF", "", "shell"},
		{"apply_patch <<'EOF';\nBODY\nEOF", "", "shell"},
		{"apply_patch <<'EOF' | cat\nBODY\nEOF", "", "shell"},
		{"apply_patch <<'EOF' && echo hi\nBODY\nEOF", "", "shell"},
		{"apply_patch " + heredoc + "echo after", "", "shell"},
		{"(apply_patch " + heredoc + ")", "", "shell"},
		{"{ apply_patch " + heredoc + "}", "", "shell"},
		{"'apply_patch' " + heredoc, "", "shell"},
		{"./apply_patch " + heredoc, "", "shell"},
		{"apply_patch <<< 'BODY'", "", "shell"},
		{"apply_patch <<<'x'\nBODY\nx", "", "shell"},
		{"apply_patch <<'EOF' <<'B'\nBODY\nEOF\nx\nB", "", "shell"},
		{"apply_patch 3<<'EOF'\nBODY\nEOF", "", "shell"},
		{"apply_patch 'BODY'", "", "shell"},
		{"cat <<'EOF' | apply_patch\nBODY\nEOF", "", "shell"},
		{"time apply_patch " + heredoc, "", "shell"},
		{"set -e\napply_patch " + heredoc, "", "shell"},
		{"cd $PWD && apply_patch " + heredoc, "", "shell"},
		{"cd sub x && apply_patch " + heredoc, "", "shell"},
		{"cd && apply_patch " + heredoc, "", "shell"},
		{"cd -- sub && apply_patch " + heredoc, "", "shell"},
		{"cd 'su'b && apply_patch " + heredoc, "", "shell"},
		{"cd $'sub' && apply_patch " + heredoc, "", "shell"},
		{"cd sub; apply_patch " + heredoc, "", "shell"},
		{"cd sub || apply_patch " + heredoc, "", "shell"},
		{"cd sub && cd .. && apply_patch " + heredoc, "", "shell"},
		{"cd sub >/dev/null && apply_patch " + heredoc, "", "shell"},
		{"echo sub && apply_patch " + heredoc, "", "shell"},
		{"apply_patch <<EOF", "", "shell"},
		{"cd " + strings.Repeat("(", maxCallLine) + " && apply_patch " + heredoc, "", "shell"},
		{"*** Begin Patch\n*** Foo\n*** End Patch", "", "shell"},
		{"echo BODY", "", "shell"},
		// A patch where a command should be.
		{"BODY", "", "implicit"},
		{"\n  BODY\n\n", "", "implicit"},
		{"<<'EOF'\nBODY\nEOF", "", "implicit"},
		{"*** Begin Patch\n*** End Patch", "", "implicit"},
	} {
		script := strings.ReplaceAll(c.script, "BODY", body)
		call, ok, err := Intercept([]string{"/bin/bash", "-lc", script})
		what := "shell"
		if ok {
			what = "hit"
		}
		if errors.Is(err, ErrImplicit) && !ok {
			what = "implicit"
		} else if err != nil {
			t.Errorf("%q: %v", script, err)
		}
		if what != c.what || call.Dir != c.dir {
			t.Errorf("%q: %s in %q", script, what, call.Dir)
		}
		if ok {
			p, err := Parse(call.Text)
			if err != nil || len(p.Hunks) != 1 || p.Hunks[0].Content != "$HOME `x` \\$ \"q\" 's'\n" {
				t.Errorf("%q: text %q: %v", script, call.Text, err)
			}
		}
	}
}

func TestInterceptArgv(t *testing.T) {
	patch := wrap("*** Add File: n\n+x")
	script := "apply_patch <<'X'\n" + patch + "\nX\n"
	for _, c := range []struct {
		argv []string
		ok   bool
		err  error
	}{
		{[]string{"apply_patch", patch}, true, nil},
		{[]string{"applypatch", patch}, true, nil},
		{[]string{"apply_patch", "no patch, but a call"}, true, nil},
		{[]string{"apply_patch", patch, "x"}, false, nil},
		{[]string{"apply_patch"}, false, nil},
		{[]string{patch}, false, ErrImplicit},
		{[]string{"echo", patch}, false, nil},
		{nil, false, nil},
		{[]string{"sh", "-c", script}, true, nil},
		{[]string{"/usr/bin/zsh", "-lc", script}, true, nil},
		{[]string{`C:\Program Files\Git\bin\bash.exe`, "-lc", script}, true, nil},
		{[]string{"pwsh", "-NoProfile", "-Command", script}, true, nil},
		{[]string{"powershell.exe", "-command", script}, true, nil},
		{[]string{"cmd.exe", "/C", script}, true, nil},
		{[]string{"sh", "-c", patch}, false, ErrImplicit},
		{[]string{"bash", "-x", script}, false, nil},
		{[]string{"bash", "-c", script, "arg"}, false, nil},
		{[]string{"pwsh", "-NoProfile", "-Command"}, false, nil},
		{[]string{"fish", "-c", script}, false, nil},
	} {
		call, ok, err := Intercept(c.argv)
		if ok != c.ok || err != c.err || ok && !strings.Contains(call.Text, "patch") && !strings.Contains(call.Text, "Patch") {
			t.Errorf("%q: %+v, %v, %v", c.argv, call, ok, err)
		}
	}
	const want = `patch detected without explicit call to apply_patch. Rerun as ["apply_patch", "<patch>"]`
	if ErrImplicit.Error() != want {
		t.Errorf("%q", ErrImplicit)
	}
}

// In <<- a shell takes the leading tabs of every line.
func TestInterceptTabs(t *testing.T) {
	call, ok, err := Intercept([]string{"sh", "-c", "apply_patch <<-X\n\t*** Begin Patch\n\t\t*** Add File: n\n\t+\tx\n\t*** End Patch\n\tX\n"})
	if !ok || err != nil || call.Text != "*** Begin Patch\n*** Add File: n\n+\tx\n*** End Patch\n" {
		t.Errorf("%+v, %v, %v", call, ok, err)
	}
}
