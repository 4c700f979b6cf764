//go:build unix

package process

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestLook holds our own start against what ps says of it: the original compares the two.
func TestLook(t *testing.T) {
	if _, err := exec.LookPath("ps"); err != nil {
		t.Skip("no ps")
	}
	for _, pid := range []int{os.Getpid(), os.Getppid()} {
		info, ok, err := Look(pid)
		if !ok || err != nil {
			t.Fatalf("%d: %v %v", pid, ok, err)
		}
		out, err := exec.Command("ps", "-p", strconv.Itoa(pid), "-o", "lstart=").Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(string(out)); got != info.Text {
			t.Errorf("%d: ps says %q, we say %q", pid, got, info.Text)
		}
		if info.Dead || info.Stopped {
			t.Errorf("%d: %+v", pid, info)
		}
		if Args(pid) == "" {
			t.Errorf("%d has no command line", pid)
		}
	}
	if _, ok, err := Look(1<<31 - 2); ok || err != nil {
		t.Errorf("no process: %v %v", ok, err)
	}
}

// TestDead holds that a process whose parent has not looked yet is dead.
func TestDead(t *testing.T) {
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	before, ok, err := Look(cmd.Process.Pid)
	if !ok || err != nil || before.Dead {
		t.Fatalf("running: %+v %v %v", before, ok, err)
	}
	in.Close()
	if _, err := out.Read(make([]byte, 1)); err == nil {
		t.Fatal("cat wrote something")
	}
	// Its files are closed before it is a zombie.
	for {
		info, ok, err := Look(cmd.Process.Pid)
		if !ok || err != nil {
			t.Fatalf("%v %v", ok, err)
		}
		if info.Dead {
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestStartedAt(t *testing.T) {
	zone := func(h, m int) *time.Location { return time.FixedZone("", h*3600+m*60) }
	at := time.Date(2026, 11, 2, 23, 59, 58, 0, time.UTC)
	for _, tc := range []struct {
		name        string
		here        *time.Location
		text        string
		same, exact bool
	}{
		{"own zone", zone(9, 0), at.In(zone(9, 0)).Format(startLayout), true, true},
		{"own zone, a second off", zone(9, 0), at.Add(time.Second).In(zone(9, 0)).Format(startLayout), true, true},
		{"written in UTC", zone(9, 0), "Mon Nov  2 23:59:58 2026", true, false},
		{"written in Kathmandu", time.UTC, at.In(zone(5, 45)).Format(startLayout), true, false},
		{"two seconds off", time.UTC, at.Add(2 * time.Second).Format(startLayout), false, false},
		{"seven minutes off", time.UTC, at.Add(7 * time.Minute).Format(startLayout), false, false},
		{"no such zone", time.UTC, at.Add(15 * time.Hour).Format(startLayout), false, false},
		{"a day later", time.UTC, at.AddDate(0, 0, 1).Format(startLayout), false, false},
		{"spaces around it", time.UTC, " Mon Nov  2 23:59:58 2026\n", true, true},
		{"no time", time.UTC, "x", false, false},
		{"nothing", time.UTC, "", false, false},
	} {
		started := at.In(tc.here)
		info := Info{Started: started, Text: started.Format(startLayout)}
		if same, exact := info.StartedAt(tc.text); same != tc.same || exact != tc.exact {
			t.Errorf("%s: %q is %v, %v", tc.name, tc.text, same, exact)
		}
	}
	if same, _ := (Info{Text: "dim. 22 nov."}).StartedAt("Mon Nov  2 23:59:58 2026"); same {
		t.Error("a start that is not known is any")
	}
}
