package homedir

import (
	"os"
	"os/user"
	"testing"
)

func TestOf(t *testing.T) {
	set := func(key string) string { return map[string]string{"HOME": "/h", "USERPROFILE": "/h"}[key] }
	if got := Of(set, os.Getuid()); got != "/h" {
		t.Errorf("from the environment: %q", got)
	}
	none := func(string) string { return "" }
	me, err := user.Current()
	if err != nil {
		t.Skip(err)
	}
	if got := Of(none, os.Getuid()); os.Getuid() >= 0 && got != me.HomeDir {
		t.Errorf("from the user's entry: %q, want %q", got, me.HomeDir)
	}
	if got := Of(none, 1<<30); got != "" {
		t.Errorf("of nobody: %q", got)
	}
}
