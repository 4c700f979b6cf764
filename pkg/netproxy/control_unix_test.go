//go:build unix

package netproxy

import (
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/tidwall/gjson"
)

// TestControlFiles: listeners come as files, with the first byte of their line.
func TestControlFiles(t *testing.T) {
	port, _ := origin(t)
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	theirs, ours := os.NewFile(uintptr(pair[0]), "theirs"), os.NewFile(uintptr(pair[1]), "ours")
	c := newCaller(t, theirs, ours)
	file := func(l net.Listener) *os.File {
		defer l.Close()
		f, err := l.(interface{ File() (*os.File, error) }).File()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	open := func(network, addr string) net.Listener {
		l, err := net.Listen(network, addr)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	pass := func(line string, files ...*os.File) gjson.Result {
		t.Helper()
		var fds []int
		for _, f := range files {
			fds = append(fds, int(f.Fd()))
		}
		if err := syscall.Sendmsg(pair[1], []byte(line+"\n"), syscall.UnixRights(fds...), nil, 0); err != nil {
			t.Fatal(err)
		}
		return c.line()
	}
	c.send(`{"id":1,"method":"initialize","params":{"settings":{"domains":{"127.0.0.1":"allow"}}}}`)
	c.line()
	web, socks := open("tcp", "127.0.0.1:0"), open("tcp", "127.0.0.1:0")
	at := web.Addr().String()
	got := pass(`{"id":2,"method":"listen","params":{"id":"a","http":"fd","socks":"fd"}}`, file(web), file(socks))
	if got.Get("result.http").Str != at {
		t.Fatal(got.Raw)
	}
	if s := exchange(t, at, "GET http://127.0.0.1:"+port+"/ HTTP/1.1\r\nHost: x\r\n\r\n"); !strings.HasPrefix(s, "HTTP/1.1 200") {
		t.Error(s)
	}
	// What is no listener of the loopback interface is not served, and the next pair is
	// not mistaken for it.
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	other := open("unix", t.TempDir()+"/s")
	for i, files := range [][]*os.File{{r, w}, {file(other), r}, {file(open("tcp", "0.0.0.0:0")), r}} {
		got := pass(fmt.Sprintf(`{"id":%d,"method":"listen","params":{"id":"b","http":"fd","socks":"fd"}}`, 10+i), files...)
		if !got.Get("error").Exists() {
			t.Errorf("%d: %s", i, got.Raw)
		}
	}
	web = open("tcp", "127.0.0.1:0")
	at = web.Addr().String()
	if got := pass(`{"id":20,"method":"listen","params":{"id":"b","http":"fd"}}`, file(web)); got.Get("result.http").Str != at {
		t.Error(got.Raw)
	}
	ours.Close()
	if err := <-c.ended; err != nil {
		t.Error(err)
	}
}
