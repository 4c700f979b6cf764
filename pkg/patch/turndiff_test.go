package patch

import (
	"context"
	"testing"
)

// Blob names as git hash-object gives them.
const (
	idNone  = "0000000000000000000000000000000000000000"
	idABC   = "de980441c3ab03a8c07dda1ad27b8a11f39deb1e" // a b c
	idABc   = "7be73ce3c1b1cdaea86e8168dfee8575175953bf" // a B c
	idABC2  = "e642ff076b189381bc3f6e5f785f5c5e35aa81b7" // a B C
	idG     = "afacc5d03d23f3c10a38ceaaf5657689fa35172c" // g1 g2
	idAgain = "a15e18519588dcf72b0bb430240ef936b6cb0cf2"
	idEmpty = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
	idOne   = "d00491fd7e5bb6fa28c517a0bb32b8b506539d4d" // 1
	idX     = "587be6b4c3f93f93c489c0111bba5596147a26cb"
	idY     = "975fbec8256d3e8a3797e7a3611380f27c49f4ac"
)

// The texts are those that the original prints after the same patches.
func TestTurnDiff(t *testing.T) {
	const (
		fToABc  = "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"
		fGone   = "diff --git a/f b/f\ndeleted file mode 100644\nindex " + idABC + ".." + idNone + "\n--- a/f\n+++ /dev/null\n@@ -1,3 +0,0 @@\n-a\n-b\n-c\n"
		fMoved  = "*** Update File: f\n*** Move to: y\n@@\n-b\n+B"
		newFile = "\nnew file mode 100644\nindex " + idNone + ".."
	)
	one := func(name string) string {
		return "diff --git a/" + name + " b/" + name + newFile + idOne + "\n--- /dev/null\n+++ b/" + name + "\n@@ -0,0 +1 @@\n+1\n"
	}
	for _, c := range []struct {
		name    string
		patches []string
		want    string
		never   bool // nothing has ever differed
	}{
		{"add", []string{"*** Add File: n\n+1"}, one("n"), false},
		{"add empty", []string{"*** Add File: n"}, "diff --git a/n b/n" + newFile + idEmpty + "\n", false},
		{"add over a file", []string{"*** Add File: f\n+again"},
			"diff --git a/f b/f\nindex " + idABC + ".." + idAgain + "\n--- a/f\n+++ b/f\n@@ -1,3 +1 @@\n-a\n-b\n-c\n+again\n", false},
		{"add what is there", []string{"*** Add File: f\n+a\n+b\n+c"}, "", true},
		{"nothing", []string{"*** Update File: f\n@@\n a"}, "", true},
		{"there and back", []string{"*** Update File: f\n@@\n-b\n+B", "*** Update File: f\n@@\n-B\n+b"}, "", false},
		{"add, delete", []string{"*** Add File: n\n+x", "*** Delete File: n"}, "", false},
		{"delete empty", []string{"*** Delete File: e"}, "diff --git a/e b/e\ndeleted file mode 100644\nindex " + idEmpty + ".." + idNone + "\n", false},
		{"delete, add", []string{"*** Delete File: f\n*** Add File: f\n+again"},
			"diff --git a/f b/f\nindex " + idABC + ".." + idAgain + "\n--- a/f\n+++ b/f\n@@ -1,3 +1 @@\n-a\n-b\n-c\n+again\n", false},
		{"modify, move", []string{"*** Update File: f\n@@\n-b\n+B", "*** Update File: f\n*** Move to: y\n@@\n a"},
			"diff --git a/f b/y\nindex " + idABC + ".." + idABc + "\n--- a/f\n+++ b/y\n" + fToABc, false},
		{"move twice", []string{fMoved, "*** Update File: y\n*** Move to: z\n@@\n-c\n+C"},
			"diff --git a/f b/z\nindex " + idABC + ".." + idABC2 + "\n--- a/f\n+++ b/z\n@@ -1,3 +1,3 @@\n a\n-b\n-c\n+B\n+C\n", false},
		{"move and back", []string{fMoved, "*** Update File: y\n*** Move to: f\n@@\n-B\n+b"}, "", false},
		{"bare move", []string{"*** Update File: f\n*** Move to: y\n@@\n a"}, "", true},
		{"move onto a file", []string{"*** Update File: f\n*** Move to: g\n@@\n-b\n+B"},
			fGone + "diff --git a/g b/g\nindex " + idG + ".." + idABc + "\n--- a/g\n+++ b/g\n@@ -1,2 +1,3 @@\n-g1\n-g2\n+a\n+B\n+c\n", false},
		{"move, add at the old name", []string{fMoved, "*** Add File: f\n+again"},
			"diff --git a/f b/f\nindex " + idABC + ".." + idAgain + "\n--- a/f\n+++ b/f\n@@ -1,3 +1 @@\n-a\n-b\n-c\n+again\n" +
				"diff --git a/y b/y" + newFile + idABc + "\n--- /dev/null\n+++ b/y\n@@ -0,0 +1,3 @@\n+a\n+B\n+c\n", false},
		{"move, delete", []string{fMoved, "*** Delete File: y"}, fGone, false},
		{"move, delete, add at the new name", []string{fMoved, "*** Delete File: y", "*** Add File: y\n+1"}, fGone + one("y"), false},
		{"add, move", []string{"*** Add File: n\n+x", "*** Update File: n\n*** Move to: m\n@@\n-x\n+y"},
			"diff --git a/m b/m" + newFile + idY + "\n--- /dev/null\n+++ b/m\n@@ -0,0 +1 @@\n+y\n", false},
		{"order is by old name", []string{"*** Add File: z\n+1\n*** Add File: b/c\n+1", "*** Add File: B\n+1", "*** Add File: a\n+1",
			"*** Update File: f\n*** Move to: 0\n@@\n-b\n+B"},
			one("B") + one("a") + one("b/c") + "diff --git a/f b/0\nindex " + idABC + ".." + idABc + "\n--- a/f\n+++ b/0\n" + fToABc + one("z"), false},
		{"outside", []string{"*** Add File: ../out\n+1"}, one("/out"), false},
		{"no newline at the end", []string{"*** Update File: nonl\n@@\n-a\n+A"},
			"diff --git a/nonl b/nonl\nindex 0a207c060e61f3b88eaee0a8cd0696f46fb155eb..e815843ade1ef001ee28948794142542b79b3480\n" +
				"--- a/nonl\n+++ b/nonl\n@@ -1,2 +1,2 @@\n-a\n+A\n b\n\\ No newline at end of file\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMemFS(map[string]string{"/w/f": "a\nb\nc\n", "/w/g": "g1\ng2\n", "/w/e": "", "/w/nonl": "a\nb"})
			td := NewTurnDiff("/w")
			if text, ok := td.Text(); text != "" || ok {
				t.Errorf("before all: %q, %v", text, ok)
			}
			var text string
			var ok bool
			for _, p := range c.patches {
				res, err := Apply(context.Background(), m, "/w", mustParse(t, p))
				if err != nil || res.Inexact {
					t.Fatal(err, res.Inexact)
				}
				td.Add(res.Applied)
				text, ok = td.Text()
			}
			if text != c.want || ok == c.never {
				t.Errorf("ok %v\n%s\nwant\n%s", ok, text, c.want)
			}
			if again, _ := td.Text(); again != text {
				t.Error("another text the second time")
			}
			td.Invalidate()
			td.Add([]Change{{Path: "/w/q", Kind: Add, New: []byte("q")}})
			if text, ok := td.Text(); text != "" || ok {
				t.Errorf("invalid: %q, %v", text, ok)
			}
		})
	}
}

// The committed part of a patch that fails shows.
func TestTurnDiffOfFailure(t *testing.T) {
	m := newMemFS(map[string]string{})
	td := NewTurnDiff("/")
	res, err := Apply(context.Background(), m, "/", mustParse(t, "*** Add File: n\n+x\n*** Delete File: nope"))
	if err == nil || res.Inexact {
		t.Fatal(err, res.Inexact)
	}
	td.Add(res.Applied)
	want := "diff --git a/n b/n\nnew file mode 100644\nindex " + idNone + ".." + idX + "\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n"
	if text, ok := td.Text(); !ok || text != want {
		t.Errorf("%v %s", ok, text)
	}
}
