//go:build linux

package linux

import (
	"reflect"
	"testing"

	"golang.org/x/sys/unix"
)

func TestParseMountInfo(t *testing.T) {
	const text = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw
23 22 0:21 / /proc rw,nosuid,nodev,noexec,noatime shared:5 - proc proc rw
24 22 0:30 / /mnt/a\040b\134c ro,nodiratime - tmpfs tmpfs rw
nonsense
25 22 0:30 / not-absolute rw - tmpfs tmpfs rw
26 22 0:31 / /x rw
`
	want := []mountPoint{
		{"/", unix.MS_RELATIME},
		{"/proc", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_NOATIME},
		{`/mnt/a b\c`, unix.MS_RDONLY | unix.MS_NODIRATIME | unix.MS_STRICTATIME},
		{"/x", unix.MS_STRICTATIME},
	}
	if got := parseMountInfo([]byte(text)); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func FuzzParseMountInfo(f *testing.F) {
	f.Add([]byte("22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw\n"))
	f.Add([]byte(`24 22 0:30 / /mnt/a\04 ro`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range parseMountInfo(b) {
			if m.path == "" || m.path[0] != '/' {
				t.Errorf("%q", m.path)
			}
		}
	})
}
