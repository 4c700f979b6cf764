//go:build unix

package limits

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		uid              int
		files, processes uint64
		want             string
	}{
		{1000, 1024, 4096, ""},
		{1000, 10, 4096, "at most 10 open files are allowed here, 24 are needed: see ulimit -n"},
		{1000, 1024, 5, "at most 5 processes and threads are allowed here, 24 are needed: see ulimit -u"},
		{0, 1024, 5, ""},
		{1000, unix.RLIM_INFINITY & (1<<63 - 1), 1 << 62, ""},
	} {
		err := check(tc.uid, func(what int) (uint64, error) {
			if what == unix.RLIMIT_NOFILE {
				return tc.files, nil
			}
			return tc.processes, nil
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
