package patch

import (
	"context"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	for _, c := range captures(f) {
		f.Add(c.Patch, c.FilesBefore["f"])
		f.Add(c.Patch, bom+strings.ReplaceAll(c.FilesBefore["f"], "\n", "\r\n"))
	}
	f.Fuzz(func(t *testing.T, text, old string) {
		p, err := Parse(text)
		if err != nil {
			if p != nil || err.Error() == "" || err.(*ParseError).ToolText() == "" {
				t.Fatalf("%+v, %v", p, err)
			}
			return
		}
		for _, h := range p.Hunks {
			if h.Kind == Update && len(h.Chunks) == 0 {
				t.Fatal("update without chunks")
			}
			for _, c := range h.Chunks {
				if len(c.Lines) == 0 {
					t.Fatal("chunk without lines")
				}
			}
		}
		ctx := context.Background()
		m := newMemFS(map[string]string{"/w/f": old})
		changes, verr := Verify(ctx, m, "/w", p)
		for _, c := range changes {
			if c.Kind != Update {
				continue
			}
			got, err := patched(string(c.Old), c.UnifiedDiff)
			kept(t, string(c.Old), string(c.New))
			if err != nil || got != string(c.New) {
				t.Fatalf("diff of %q to %q: %v\n%s", c.Old, c.New, err, c.UnifiedDiff)
			}
		}
		res, err := Apply(ctx, m, "/w", p)
		if len(p.Hunks) == 1 && p.Hunks[0].Kind == Update && verr != nil && err == nil {
			t.Fatalf("applied in spite of %v", verr)
		}
		td := NewTurnDiff("/w")
		td.Add(res.Applied)
		td.Text()
	})
}

func FuzzIntercept(f *testing.F) {
	patch := wrap("*** Add File: n\n+x")
	for _, s := range []string{
		patch,
		"apply_patch <<'EOF'\n" + patch + "\nEOF\n",
		"cd 'a b' && apply_patch <<-EOF\n\t" + patch + "\n\tEOF",
		"cd \"a\\\"b\" && A=1 apply_patch - <<\\E # x\n" + patch,
		"apply_patch <<<x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, script string) {
		call, ok, err := Intercept([]string{"bash", "-lc", script})
		if ok && err != nil {
			t.Fatal("call and error at once")
		}
		if !ok {
			if call != (Call{}) {
				t.Fatalf("no call, but %+v", call)
			}
			return
		}
		if !strings.Contains(script, "<<") {
			t.Fatalf("call without heredoc: %q", script)
		}
		// What the patch says is in the script, line by line.
		for _, line := range strings.Split(call.Text, "\n") {
			if !strings.Contains(script, line) {
				t.Fatalf("line %q is not from %q", line, script)
			}
		}
	})
}
