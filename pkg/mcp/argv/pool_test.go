package argv

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLogBound holds that a log grows so far and no further, while its program runs.
func TestLogBound(t *testing.T) {
	l := &logFile{path: filepath.Join(t.TempDir(), "sub", "mcp.log")}
	defer l.close()
	line := strings.Repeat("x", 1<<20)
	for range 12 {
		l.line(line)
	}
	for _, path := range []string{l.path, l.path + ".old"} {
		if st, err := os.Stat(path); err != nil || st.Size() > maxLog+2<<20 {
			t.Error(st, err)
		}
	}
	if l.bad {
		t.Error("it is not written any more")
	}
}
