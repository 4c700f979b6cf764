//go:build linux

package linux

import (
	"errors"
	"os"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"

	"codex/pkg/ostext"
)

// listenBacklog is how many connections wait for the proxy to accept them.
const listenBacklog = 128

// sendListeners brings the loopback interface up, listens there and hands the
// sockets to the caller. They are gone from here before the command starts.
func sendListeners(ports [2]uint16) error {
	if err := loopbackUp(); err != nil {
		return &fault{causeRefused, "bringing the loopback interface up: " + ostext.Of(err), err}
	}
	var fds []int
	defer func() {
		for _, fd := range fds {
			unix.Close(fd)
		}
	}()
	for _, port := range ports {
		if port == 0 {
			continue
		}
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			return during(err, "make a socket for the proxy")
		}
		fds = append(fds, fd)
		if err = unix.Bind(fd, &unix.SockaddrInet4{Port: int(port), Addr: [4]byte{127, 0, 0, 1}}); err == nil {
			err = unix.Listen(fd, listenBacklog)
		}
		if err != nil {
			return during(err, "listen on port %d for the proxy", port)
		}
	}
	for {
		_, err := unix.SendmsgN(ctlFd, record(recListen, nil), unix.UnixRights(fds...), nil, unix.MSG_NOSIGNAL)
		if err != unix.EINTR {
			return during(err, "hand over the proxy's sockets")
		}
	}
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, lo); err != nil {
		return err
	}
	lo.SetUint16(lo.Uint16() | unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
}

// readStart reads the first record that says how the start went. Behind the
// proxy one with the listeners comes before, which are passed on.
func (c *Child) readStart(ctl int) (kind byte, body []byte, err error) {
	if !c.plan.has(flagProxy) {
		return readRecord(ctl)
	}
	var head [5]byte
	var n, oobn int
	oob := make([]byte, unix.CmsgSpace(2*4))
	for {
		n, oobn, _, _, err = unix.Recvmsg(ctl, head[:], oob, unix.MSG_CMSG_CLOEXEC)
		if err != unix.EINTR {
			break
		}
	}
	if err == nil && n < len(head) {
		err = readFull(ctl, head[n:])
	}
	files := receivedFiles(oob[:oobn])
	if err == nil && head[0] == recListen {
		if err = c.passListeners(files); err == nil {
			return readRecord(ctl)
		}
		return 0, nil, err
	}
	for _, f := range files {
		f.Close()
	}
	if err != nil {
		return 0, nil, err
	}
	return readBody(ctl, head)
}

// passListeners gives the files to the caller, one for each port.
func (c *Child) passListeners(files []*os.File) error {
	var pair [2]*os.File
	for i, port := range c.plan.ports {
		if port == 0 {
			continue
		}
		if len(files) == 0 {
			return errors.New("the proxy's sockets did not come")
		}
		pair[i], files = files[0], files[1:]
	}
	if err := c.take(pair[0], pair[1]); err != nil {
		return &proxyError{err}
	}
	return nil
}

// proxyError is Take's.
type proxyError struct{ err error }

func (e *proxyError) Error() string {
	return "hand the command's network to the proxy: " + e.err.Error()
}
func (e *proxyError) Unwrap() error { return e.err }

func receivedFiles(oob []byte) []*os.File {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil
	}
	var files []*os.File
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			continue
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "listener"))
		}
	}
	return files
}

// allowPorts lets TCP connect to the proxy, where Landlock sees that.
func (r *ruleset) allowPorts(p *plan, handled uint64) error {
	if handled&ll.AccessNetConnectTCP == 0 || !p.has(flagProxy) {
		return nil
	}
	for _, port := range p.ports {
		if port == 0 {
			continue
		}
		rule := ll.NetPortAttr{AllowedAccess: ll.AccessNetConnectTCP, Port: uint64(port)}
		if err := ll.LandlockAddNetPortRule(r.fd, &rule, 0); err != nil {
			return during(err, "allow port %d with Landlock", port)
		}
	}
	return nil
}
