package patch

import (
	"slices"
	"strings"
	"testing"
)

const bom = "\ufeff"

// What a patch does not name stays byte for byte: ends of lines, blank lines at the end, a
// missing last newline, a byte order mark, and the file's own spelling of context.
func TestKeepsBytes(t *testing.T) {
	for _, c := range []struct{ name, old, patch, want, err string }{
		{"CRLF", "a\r\nb\r\nc\r\n", "@@\n a\n-b\n+B\n+BB\n c", "a\r\nB\r\nBB\r\nc\r\n", ""},
		{"CRLF, addition at the end", "1\r\n2\r\n", "@@\n+3", "1\r\n2\r\n3\r\n", ""},
		{"CRLF without a last newline", "1\r\n2", "@@\n-2\n+3\n+4", "1\r\n3\r\n4", ""},
		{"CRLF without a last newline, addition", "1\r\n2", "@@\n+3", "1\r\n2\r\n3", ""},
		{"mixed ends, line by line", "a\r\nb\nc\r\nd\n", "@@\n-a\n-b\n+A\n+B\n+BB\n c\n+cc\n d\n+dd", "A\r\nB\nBB\nc\r\ncc\r\nd\ndd\n", ""},
		{"addition before the first line", "a\r\nb\r\n", "@@\n+x\n a", "x\r\na\r\nb\r\n", ""},
		{"CR only", "a\rb\rc\r", "@@\n a\n-b\n+B\n c\n+d", "a\rB\rc\rd\r", ""},
		{"CR only, last line open", "a\rb", "@@\n-b\n+B\n+C", "a\rB\rC", ""},
		{"CR in a line of the patch", "a\rb", "@@\n-a\rb\n+x", "x", ""},
		{"CR inside lines", "a\rb\nc\n", "@@\n-c\n+d", "a\rb\nd\n", ""},
		{"two CR before the newline", "a\r\r\nb\r\n", "@@\n-b\n+c", "a\r\r\nc\r\n", ""},
		{"blank lines at the end", "a\nb\n\n\n", "@@\n-a\n+A", "A\nb\n\n\n", ""},
		{"the line before blank lines at the end", "a\nb\n\n", "@@\n-b\n+B", "a\nB\n\n", ""},
		{"addition behind blank lines", "a\n\n", "@@\n+b", "a\n\nb\n", ""},
		{"CRLF blank lines at the end", "a\r\n\r\n", "@@\n-a\n+A", "A\r\n\r\n", ""},
		{"only blank lines", "\n\n", "@@\n+x", "\n\nx\n", ""},
		{"last line open, untouched", "a\nb\nc", "@@\n-a\n+A", "A\nb\nc", ""},
		{"last line open, replaced", "a\nb", "@@\n a\n-b\n+c", "a\nc", ""},
		{"last line open, addition", "a\nb", "@@\n+c\n+d", "a\nb\nc\nd", ""},
		{"last line open, two additions", "a\nb", "@@\n+c\n@@\n+d", "a\nb\nc\nd", ""},
		{"last line open, gone", "a\nb", "@@\n-b", "a", ""},
		{"last line open, all gone", "b", "@@\n-b", "", ""},
		{"empty file", "", "@@\n+x\n+y", "x\ny\n", ""},
		{"emptied file", "a\n", "@@\n-a", "", ""},
		{"byte order mark", bom + "a\nb\n", "@@\n-a\n+A", bom + "A\nb\n", ""},
		{"byte order mark and CRLF", bom + "a\r\nb\r\n", "@@\n-a\n+A\n b", bom + "A\r\nb\r\n", ""},
		{"byte order mark in the patch as well", bom + "a\nb\n", "@@\n-" + bom + "a\n+" + bom + "A", bom + "A\nb\n", ""},
		{"byte order mark, new first line", bom + "a\n", "@@\n+x\n a", bom + "x\na\n", ""},
		{"byte order mark, first line gone", bom + "a\nb\n", "@@\n-a", bom + "b\n", ""},
		{"byte order mark, first line as context header", bom + "a\nb\n", "@@ a\n-b\n+B", bom + "a\nB\n", ""},
		{"byte order mark alone", bom, "@@\n+x", bom + "x\n", ""},
		{"byte order mark, one open line", bom + "a", "@@\n-a\n+b", bom + "b", ""},
		{"context with other trailing space", "a  \nb\t\nc\n", "@@\n a\n-b\n+B\n c", "a  \nB\nc\n", ""},
		{"context with other indentation", "\ta\n\tb\n", "@@\n a\n-\tb\n+\tB", "\ta\n\tB\n", ""},
		{"context with look-alikes", "say “hi” – it’s\u00a0me\nb\n", "@@\n say \"hi\" - it's me\n-b\n+B", "say “hi” – it’s\u00a0me\nB\n", ""},
		{"look-alikes in a line that goes", "a – b\nc\n", "@@\n-a - b\n+a + b", "a + b\nc\n", ""},
		{"an exact line wins over an earlier loose one", " x\nx\n", "@@\n-x\n+y", " x\ny\n", ""},
		{"addition under a context", "def a():\n    x\n\ndef b():\n    y\n", "@@ def a():\n+    new", "def a():\n    new\n    x\n\ndef b():\n    y\n", ""},
		{"addition under a context that is the open last line", "a\nb", "@@ b\n+c", "a\nb\nc", ""},
		{"addition under a context, tied to the end", "a\nb\n", "@@ a\n+c\n*** End of File", "a\nb\nc\n", ""},
		{"addition under a context, then a change below", "a\nb\nc\n", "@@ a\n+x\n@@\n-b\n+B", "a\nx\nB\nc\n", ""},
		{"two additions under one context after another", "a\nb\na\nb\n", "@@ a\n+1\n@@ a\n+2", "a\n1\nb\na\n2\nb\n", ""},
		{"addition with a blank line after it in the patch", "a\nb\n", "@@ a\n+x\n\n", "a\nx\nb\n", ""},
		{"end of file", "a\nb\na\n", "@@\n-a\n+A\n*** End of File", "a\nb\nA\n", ""},
		{"end of file, open", "a\nb\na", "@@\n b\n-a\n+A\n*** End of File", "a\nb\nA", ""},
		{"end of file, CRLF", "a\r\nb\r\n", "@@\n b\n+c\n*** End of File", "a\r\nb\r\nc\r\n", ""},
		{"end of file, blank context", "a\nb\n", "@@\n b\n+c\n \n*** End of File", "a\nb\nc\n", ""},
		{"not at the end of the file", "a\nb\n", "@@\n-a\n+A\n*** End of File", "", "Failed to find expected lines in f:\na"},
		{"blank context that is not there", "a\nb\n", "@@\n a\n-b\n+B\n\n\n", "a\nB\n", ""},
		{"blank context that is there", "a\n\nb\n", "@@\n a\n+x\n\n-b", "a\nx\n\n", ""},
		{"blank line of spaces as context", "a\n  \nb\n", "@@\n a\n\n-b\n+B", "a\n  \nB\n", ""},
		{"order", "a\nb\n", "@@\n-b\n+B\n@@\n-a\n+A", "", "Failed to find expected lines in f:\na"},
		{"context behind the place", "a\nb\n", "@@\n-b\n+B\n@@ a\n+x", "", "Failed to find context 'a' in f"},
		{"context header that says nothing", "a\n\nb\n", "@@ \n+x", "a\n\nb\nx\n", ""},
		{"context that is not there", "a\n", "@@ z\n+x", "", "Failed to find context 'z' in f"},
		{"longer than the file", "a\n", "@@\n-a\n-b", "", "Failed to find expected lines in f:\na\nb"},
		{"several", "a\r\nb\r\nc\r\nd\r\ne", "@@\n-a\n@@\n c\n+cc\n@@\n-e\n+E\n+F", "b\r\nc\r\ncc\r\nd\r\nE\r\nF", ""},
	} {
		p, err := Parse(wrap("*** Update File: f\n" + c.patch))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		pieces, err := rewrite("f", []byte(c.old), p.Hunks[0].Chunks)
		if got := string(slices.Concat(pieces...)); got != c.want || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}

// kept checks what an update must not change, whatever it is.
func kept(t *testing.T, old, now string) {
	t.Helper()
	if strings.HasPrefix(old, bom) && !strings.HasPrefix(now, bom) {
		t.Fatalf("%q lost its byte order mark: %q", old, now)
	}
	old, now = strings.TrimPrefix(old, bom), strings.TrimPrefix(now, bom)
	if !strings.Contains(old, "\n") || now == "" {
		return
	}
	if strings.HasSuffix(old, "\n") && !strings.HasSuffix(now, "\n") { // the other way, an open last line may be blank
		t.Fatalf("the end of %q is not that of %q", now, old)
	}
	if strings.Count(old, "\n") == strings.Count(old, "\r\n") && strings.Count(now, "\n") != strings.Count(now, "\r\n") {
		t.Fatalf("%q is not CRLF as %q", now, old)
	}
}
