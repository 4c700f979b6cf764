//go:build unix

package appserver

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tidwall/gjson"
)

// TestNotify: the notify program of config.toml runs when a turn of a client ends, with the
// client's name.
func TestNotify(t *testing.T) {
	d := scripted(t, "mock-model", `{"msg":"All done."}`)
	told := filepath.Join(d.home, "told")
	if err := syscall.Mkfifo(told, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(d.home, "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(d.home, "config.toml"), fmt.Sprintf("notify = [\"sh\", \"-c\", 'echo \"$1\" >\"%s\"', \"told\"]\n%s", told, b))
	c := d.stdio()
	c.initialize()
	id := c.thread(`{}`)
	c.ran(id, "hello")
	f, err := os.Open(told)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	line, err := bufio.NewReader(f).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	got := gjson.Parse(line)
	if got.Get("thread-id").Str != id || got.Get("client").Str == "" || got.Get("input-messages").Raw != `["hello"]` || got.Get("last-assistant-message").Str != "All done." {
		t.Error(line)
	}
}
