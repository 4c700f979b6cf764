//go:build unix

package ostext

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"
)

func TestOf(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want string
	}{
		{syscall.EISDIR, "Is a directory (os error 21)"},
		{fmt.Errorf("read x: %w", &fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}), "Permission denied (os error 13)"},
		{os.NewSyscallError("flock", syscall.ENOENT), "No such file or directory (os error 2)"},
		{fmt.Errorf("x: %w", fs.ErrNotExist), "No such file or directory (os error 2)"},
		{fs.ErrPermission, "Permission denied (os error 13)"},
		{errors.New("no error of the system"), "no error of the system"},
	} {
		if got := Of(tc.err); got != tc.want {
			t.Errorf("%v: %q, want %q", tc.err, got, tc.want)
		}
	}
}
