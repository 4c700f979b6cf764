package sandbox

import (
	"encoding/binary"
	"errors"
	"os"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"

	"codex/pkg/ostext"
)

// throughProxy makes the plan one for a command behind the proxy.
func (p *plan) throughProxy(spec Spec) {
	p.flags |= flagProxy
	p.ports = [2]uint16{spec.Proxy.HTTP, spec.Proxy.Socks}
	if spec.Policy.Proxy.LocalBinding {
		p.flags |= flagBind
	}
	if spec.Policy.FullDiskWrite {
		p.roots = []planRoot{{path: "/"}} // only namespaces give it a network of its own
	}
}

// withoutProxy takes that back where there are no namespaces: then there is no
// network.
func (p *plan) withoutProxy() {
	if !p.has(flagProxy) {
		return
	}
	p.flags &^= flagProxy | flagBind
	p.env = setenv(p.env, NetworkDisabled, "1")
	if len(p.roots) > 0 && p.roots[0].path == "/" {
		p.mode, p.flags, p.roots = modeSeccomp, p.flags|flagFullWrite, nil
	}
}

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
func (c *Cmd) readStart(ctl int) (kind byte, body []byte, err error) {
	if !c.state.plan.has(flagProxy) {
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
func (c *Cmd) passListeners(files []*os.File) error {
	var pair [2]*os.File
	for i, port := range c.state.plan.ports {
		if port == 0 {
			continue
		}
		if len(files) == 0 {
			return errors.New("the proxy's sockets did not come")
		}
		pair[i], files = files[0], files[1:]
	}
	if err := c.spec.Proxy.Take(pair[0], pair[1]); err != nil {
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

// loopback is the filter's rule for a command behind the proxy. Its network
// namespace has a loopback interface and nothing else, so TCP may connect; with
// bind it may listen too, and there is UDP. Unix sockets with a path are in no
// network namespace, so none can be made but connected pairs. Other protocols
// never reach their code in the kernel.
func (p *program) loopback(bind bool) {
	const familyBit = unix.AF_INET ^ unix.AF_INET6 // one bit
	steps := []step{low(0), and(^uint32(familyBit)), ifEqual(unix.AF_INET&^familyBit, onward, toDeny), low(1), and(0xf)}
	if bind { // 1 and 2 are streams and datagrams; the kernel refuses streams of UDP itself
		steps = append(steps, ifAbove(unix.SOCK_DGRAM+1, toDeny, onward),
			low(2), ifEqual(0, toAllow, onward), ifEqual(unix.IPPROTO_UDP, toAllow, onward))
	} else {
		steps = append(steps, ifEqual(unix.SOCK_STREAM, onward, toDeny), low(2), ifEqual(0, toAllow, onward))
	}
	p.when(append(steps, ifEqual(unix.IPPROTO_TCP, toAllow, toDeny)), unix.SYS_SOCKET)
	p.streamPairs(unix.SYS_SOCKETPAIR)
	if !bind {
		p.noAddresses() // sendto can open a connection too
		p.deny(toDeny, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT, unix.SYS_ACCEPT4)
	}
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

// readBody reads the rest of a record.
func readBody(fd int, head [5]byte) (kind byte, body []byte, err error) {
	n := binary.LittleEndian.Uint32(head[1:])
	if n > maxRecord {
		return 0, nil, errors.New("record too long")
	}
	body = make([]byte, n)
	if n > 0 {
		err = readFull(fd, body)
	}
	return head[0], body, err
}
