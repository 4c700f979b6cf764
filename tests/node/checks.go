package node

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"testing"
)

// Checks runs a driver and takes what it says, a line {"check":NAME,"ok":BOOL,"got":ANY}
// for each check: at least so many, all of them well.
func Checks(t *testing.T, driver *exec.Cmd, least int) {
	t.Helper()
	var stderr bytes.Buffer
	driver.Stderr = &stderr
	said, err := driver.Output()
	n := 0
	for line := range bytes.Lines(said) {
		var c struct {
			Check string
			OK    bool
			Got   json.RawMessage
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("the driver said %q\n%s", line, stderr.String())
		}
		n++
		if !c.OK {
			t.Errorf("%s: got %s", c.Check, c.Got)
		}
	}
	if err != nil {
		t.Fatalf("node: %v\n%s", err, stderr.String())
	}
	if n < least {
		t.Errorf("only %d checks ran\n%s", n, stderr.String())
	}
	t.Logf("%d checks", n)
}
