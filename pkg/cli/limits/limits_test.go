//go:build unix

package limits

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestCheck(t *testing.T) {
	const none = unix.RLIM_INFINITY & (1<<63 - 1)
	for _, tc := range []struct {
		uid                     int
		files, processes, space uint64
		want                    string
	}{
		{1000, 1024, 4096, none, ""},
		{0, 1024, 4096, 800 << 20, "at most 800 MB of address space are allowed here, 900 are needed: see ulimit -v"},
		{1000, 10, 4096, none, "at most 10 open files are allowed here, 32 are needed: see ulimit -n"},
		{1000, 1024, 5, none, "at most 5 processes and threads are allowed here, 40 are needed: see ulimit -u"},
		{0, 1024, 5, 900 << 20, ""},
		{1000, none, none, none, ""},
	} {
		err := check(tc.uid, func(what int) (uint64, error) {
			return map[int]uint64{unix.RLIMIT_NOFILE: tc.files, unix.RLIMIT_NPROC: tc.processes, unix.RLIMIT_AS: tc.space}[what], nil
		})
		if got := ""; err != nil {
			got = err.Error()
			if got != tc.want {
				t.Errorf("%+v: %q", tc, got)
			}
		} else if tc.want != "" {
			t.Errorf("%+v: nothing", tc)
		}
	}
	if err := Check(1000); err != nil {
		t.Errorf("here: %v", err)
	}
}
