package tests

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tidwall/gjson"
)

// TestDiskFull fills the disk in the middle of a turn, below one place after the other, and
// makes room again or does not. What was completed is in the session that is resumed, with
// its outputs: there is some room for the session ahead. It stays unwritable when that is
// not enough: then the run says that and ends with status 1, and what is there is whole.
func TestDiskFull(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can mount the small file systems that this fills")
	}
	for _, place := range []string{"sessions", "work", "home", "tmp"} {
		for _, how := range []string{"passing", "staying", "staying, much to say"} {
			t.Run(place+"/"+how, func(t *testing.T) {
				fillDisk(t, place, how == "passing", how == "staying, much to say")
			})
		}
	}
}

// TestDiskFullMemories: where there is no room for what a model has made of memories, nothing
// of the old is touched. Many small files take more than they hold.
func TestDiskFullMemories(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can mount the small file system that this fills")
	}
	d := newDesk(t)
	root := filepath.Dir(d.dir)
	home := filepath.Join(root, "home", ".codex")
	config, err := os.ReadFile(filepath.Join(home, "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	smallDisk(t, home)
	handbook := filepath.Join(home, "memories", "MEMORY.md")
	const script = `{"call":"exec_command","args":{"cmd":"mkdir -p skills/a; echo v1 >memory_summary.md; echo new >MEMORY.md; for i in $(seq 150); do echo $i >skills/a/$i.md; done"}}` + "\n" + `{"msg":"done"}` + "\n"
	for path, text := range map[string]string{filepath.Join(home, "config.toml"): string(config), handbook: "old\n", filepath.Join(root, "script"): script} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	update := fmt.Sprintf(`codex memories --enable memories -c 'model_providers.demo.command=["codex","model","replay","%s/script"]' update --now`, root)
	_, errs, status := d.bash(t, update)
	if got, err := os.ReadFile(handbook); status != 1 || !strings.Contains(errs, "memories-state/room") || !strings.Contains(errs, "no space left") || string(got) != "old\n" {
		t.Errorf("%d %q %v: %s", status, got, err, errs)
	}
	if left, err := os.ReadDir(filepath.Join(home, "memories")); err != nil || len(left) != 2 { // with the raw memories
		t.Error(left, err)
	}
}

// smallDisk puts a file system of 1 MiB in the place of a folder.
func smallDisk(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

func fillDisk(t *testing.T, place string, passing, much bool) {
	d := newDesk(t)
	root := filepath.Dir(d.dir)
	home := filepath.Join(root, "home", ".codex")
	small := map[string]string{"sessions": filepath.Join(home, "sessions"), "work": filepath.Join(d.dir, "small"), "home": home, "tmp": filepath.Join(root, "tmp")}[place]
	config, err := os.ReadFile(filepath.Join(home, "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	smallDisk(t, small)
	if err := os.WriteFile(filepath.Join(home, "config.toml"), config, 0o600); err != nil {
		t.Fatal(err)
	}
	calls := []string{"echo one", "cat /dev/zero >'" + small + "/fill'; echo filled", "echo two"}
	if much {
		calls = append(calls, "yes | head -c 40000", "yes | head -c 40000")
	}
	if passing {
		calls = append(calls, "rm '"+small+"/fill'; echo freed")
	}
	calls = append(calls, "echo three")
	var script strings.Builder
	for _, cmd := range calls {
		fmt.Fprintf(&script, "{\"call\":\"exec_command\",\"args\":{\"cmd\":%q}}\n", cmd)
	}
	patch := fmt.Sprintf("*** Begin Patch\n*** Add File: %s\n+hello\n*** End Patch", filepath.Join(small, "patched"))
	fmt.Fprintf(&script, "{\"item\":{\"type\":\"custom_tool_call\",\"call_id\":\"patch\",\"name\":\"apply_patch\",\"input\":%q}}\n{\"msg\":\"end\"}\n", patch)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("script", script.String())
	write("end", `{"msg":"resumed","repeat":100}`+"\n")
	const run = `TMPDIR='%s' codex exec -s danger-full-access -c 'model_providers.demo.command=[%s]' %s </dev/null`
	model := fmt.Sprintf(`"codex","model","replay","%s/script"`, root)
	out, errs, status := d.bash(t, fmt.Sprintf(run, filepath.Join(root, "tmp"), model, "go"))

	unsaved := much && (place == "sessions" || place == "home")
	want := 0
	if unsaved {
		want = 1
	}
	if status != want || strings.Contains(errs, "the session is not saved whole") != unsaved {
		t.Errorf("status %d, want %d: %s%s", status, want, out, errs)
	}
	switch _, err := os.Stat(filepath.Join(small, "patched")); {
	case passing && err != nil:
		t.Error(err)
	case !passing && (err == nil || !strings.Contains(errs, "no space left on device")):
		t.Errorf("a patch without room: %v, %s", err, errs)
	}
	if err := os.Remove(filepath.Join(small, "fill")); err != nil && !passing {
		t.Fatal(err)
	}
	model = fmt.Sprintf(`"sh","-c","tee \"%[1]s/request\" | codex model replay \"%[1]s/end\""`, root)
	if out, errs, status := d.bash(t, fmt.Sprintf(run, root, model, "resume --last again")); status != 0 || !strings.Contains(out, "resumed") {
		t.Fatalf("resume ends with %d: %s%s", status, out, errs)
	}
	holdResumed(t, root, home, len(calls)+1, unsaved)
}

// holdResumed holds what a resumed session asks: every call with an output, all of them
// unless the session is known to lack some, and no line that is torn.
func holdResumed(t *testing.T, root, home string, calls int, unsaved bool) {
	request, err := os.ReadFile(filepath.Join(root, "request"))
	if err != nil {
		t.Fatal(err)
	}
	asked, answered := gjson.GetBytes(request, `input.#(type%"*_call")#.call_id`).Array(), gjson.GetBytes(request, `input.#(type%"*_call_output")#.call_id`).Array()
	if len(asked) != len(answered) || len(asked) > calls || len(asked) < calls && !unsaved {
		t.Errorf("%d of %d calls and %d outputs are left", len(asked), calls, len(answered))
	}
	if aborted := strings.Count(string(request), `"aborted`); aborted > 0 && !unsaved {
		t.Errorf("%d calls have lost their outputs", aborted)
	}
	files, err := filepath.Glob(filepath.Join(home, "sessions/*/*/*/*.jsonl"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		if !json.Valid(line) {
			t.Errorf("a torn line: %.200q", line)
		}
	}
}
