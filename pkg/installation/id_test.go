package installation

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestID(t *testing.T) {
	const id = "6a204bd8-9b7c-4e5a-8d2f-0123456789ab"
	for kept, want := range map[string]string{id: id, id + "\n": id, " 6A204BD8-9B7C-4E5A-8D2F-0123456789AB\r\n": id, "": "", "6a204bd8": "", "garbage\n": "",
		"6a204bd8-9b7c-4e5a-8d2f-0123456789ag": ""} {
		home := t.TempDir()
		path := filepath.Join(home, "installation_id")
		if err := os.WriteFile(path, []byte(kept), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := ID(home)
		if err != nil || want != "" && got != want || len(got) != 36 {
			t.Errorf("%q: %q, %v", kept, got, err)
		}
		if again, err := ID(home); again != got || err != nil {
			t.Errorf("%q: then %q, %v", kept, again, err)
		}
	}
}

// TestIDOnce lets several make the first one: they agree, and it is for its owner alone.
func TestIDOnce(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	ids := make([]string, 16)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() { ids[i], _ = ID(home) })
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatal(ids)
		}
	}
	fi, err := os.Stat(filepath.Join(home, "installation_id"))
	if err != nil || fi.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("%v %v", fi, err)
	}
	if left, _ := filepath.Glob(filepath.Join(home, ".*")); len(left) > 0 {
		t.Error(left)
	}
}

// TestIDUnwritable gives an id of its own and says that it could not be kept.
func TestIDUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if id, err := ID(file); len(id) != 36 || err == nil {
		t.Errorf("%q %v", id, err)
	}
}
