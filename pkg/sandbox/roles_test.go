//go:build linux

package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"codex/pkg/policy"
	"codex/pkg/sandbox/linux/seccomp"
)

// playRole is main of the test binary when it is part of a test.
func playRole(role string, args []string) int {
	switch role {
	case "try": // one attack, by name: 0 when it worked
		if err := attacks()[args[0]](args[1:]); err != nil {
			fmt.Println(err)
			return 1
		}
		return 0
	case "writes": // which of the names can be written
		for _, name := range args {
			fmt.Println(name, tryWrite(name) == nil)
		}
		return 0
	case "touches": // which of the names can be read and written
		for _, name := range args {
			fmt.Println(name, tryRead(name) == nil, tryWrite(name) == nil)
		}
		return 0
	case "outer": // a caller of the sandbox, to be killed
		pol, err := policy.WorkspaceWrite(policy.WriteOptions{ExcludeSlashTmp: true}).Resolve(policy.Env{Cwd: args[0], FS: policy.HostFS{}})
		if err != nil {
			fmt.Println(err)
			return 1
		}
		c, err := Command(context.Background(), Spec{Policy: pol, Argv: []string{"sh", "-c", "echo up; sleep 600 & wait"}, Dir: args[0], Env: os.Environ()})
		if err != nil {
			fmt.Println(err)
			return 1
		}
		c.Stdout = os.Stdout
		if err := c.Run(); err != nil {
			return 1
		}
		return 0
	case "refused": // a kernel that makes no user namespaces
		if err := os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0); err != nil {
			fmt.Println("setup:", err)
			return 3
		}
		runtime.LockOSThread()
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, unix.CAP_SYS_RESOURCE, 0, 0, 0); err != nil { // as for the root of a container
			fmt.Println("setup:", err)
			return 3
		}
		as, mode := args[0], policy.ReadOnly()
		if as != "read-only" {
			mode = policy.WorkspaceWrite(policy.WriteOptions{ExcludeSlashTmp: true})
		}
		if as != "root" { // an ordinary user can make no namespaces at all then
			if err := noCapabilities(); err != nil {
				fmt.Println("setup:", err)
				return 3
			}
		}
		pol, _ := mode.Resolve(policy.Env{Cwd: args[1], FS: policy.HostFS{}})
		c, err := Command(context.Background(), Spec{Policy: pol, Argv: append([]string{"sh", "-c"}, args[2:]...), Dir: args[1], Env: os.Environ(),
			LandlockAlone: as == "landlock"})
		if err == nil {
			c.Stdout, c.Stderr = os.Stdout, os.Stdout
			err = c.Start()
		}
		if err != nil {
			fmt.Println("refused:", err)
			return 4
		}
		c.Wait()
		return c.Exit().Code
	case "limited": // files may have 4096 bytes: a disk that is full
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 4096, Max: 4096}); err != nil {
			fmt.Println("setup:", err)
			return 3
		}
		pol, _ := policy.ReadOnly().Resolve(policy.Env{Cwd: args[0], FS: policy.HostFS{}})
		c, err := Command(context.Background(), Spec{Policy: pol, Argv: []string{"sh", "-c", args[1]}, Dir: args[0], Env: os.Environ()})
		if err != nil {
			fmt.Println("refused:", err)
			return 4
		}
		out, err := os.Create(args[0] + "/out")
		if err != nil {
			fmt.Println("setup:", err)
			return 3
		}
		c.Stdout = out
		c.Run()
		return c.Exit().Code
	case "old", "unfiltered": // a kernel without the newer mount calls, or without filters
		if err := forgetCalls(role); err != nil {
			fmt.Println("setup:", err)
			return 3
		}
		pol, _ := policy.WorkspaceWrite(policy.WriteOptions{WritableRoots: []string{"home/memories"}, ExcludeSlashTmp: true}).
			Resolve(policy.Env{Cwd: args[0], CodexHome: args[0] + "/home", FS: policy.HostFS{}})
		pol.Denied = args[2:]
		c, err := Command(context.Background(), Spec{Policy: pol, Argv: []string{"sh", "-c", args[1]}, Dir: args[0], Env: os.Environ()})
		if err == nil {
			c.Stdout, c.Stderr = os.Stdout, os.Stdout
			err = c.Start()
		}
		if err != nil {
			fmt.Println("refused:", err)
			return 4
		}
		c.Wait()
		return c.Exit().Code
	}
	fmt.Println("no such role", role)
	return 9
}

// forgetCalls has the kernel deny that it knows certain calls.
func forgetCalls(role string) error {
	calls := []uint32{unix.SYS_SECCOMP}
	if role == "old" { // Linux 4.18
		calls = []uint32{unix.SYS_OPENAT2, unix.SYS_OPEN_TREE, unix.SYS_MOVE_MOUNT, unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT,
			unix.SYS_MOUNT_SETATTR, unix.SYS_CLOSE_RANGE, unix.SYS_FACCESSAT2, unix.SYS_LANDLOCK_CREATE_RULESET}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	return seccomp.Load(seccomp.Assemble([]seccomp.Rule{{Calls: calls, Then: seccomp.NoSys}}))
}

// noCapabilities makes this thread, and what it starts, an ordinary user.
func noCapabilities() error {
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	for c := uintptr(0); c <= 63 && unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0) == nil; c++ {
	}
	unix.Prctl(unix.PR_SET_SECUREBITS, 3, 0, 0, 0) // NOROOT, and locked
	return unix.Capset(&hdr, &make([]unix.CapUserData, 2)[0])
}

// tryWrite changes something at name: appends to a file, makes an entry in a
// directory, makes a missing name.
func tryWrite(name string) error {
	st, err := os.Stat(name)
	switch {
	case err == nil && st.IsDir():
		f, err := os.CreateTemp(name, "w")
		if err != nil {
			return err
		}
		f.Close()
		return os.Remove(f.Name())
	case err == nil:
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			return err
		}
		return f.Close()
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	f.Close()
	return os.Remove(name)
}

// tryRead reads a file, or the names in a directory.
func tryRead(name string) error {
	if st, err := os.Stat(name); err == nil && st.IsDir() {
		_, err := os.ReadDir(name)
		return err
	}
	_, err := os.ReadFile(name)
	return err
}

func errnoOf(no unix.Errno) error {
	if no == 0 {
		return nil
	}
	return no
}

// attacks are calls that a shell cannot make.
func attacks() map[string]func(args []string) error {
	socket := func(domain, typ int) func([]string) error {
		return func([]string) error {
			fd, err := unix.Socket(domain, typ, 0)
			if err == nil {
				unix.Close(fd)
			}
			return err
		}
	}
	raw := func(nr uintptr, a ...uintptr) func([]string) error {
		a = append(a, 0, 0, 0, 0, 0, 0)
		return func([]string) error {
			_, _, no := unix.Syscall6(nr, a[0], a[1], a[2], a[3], a[4], a[5])
			return errnoOf(no)
		}
	}
	return map[string]func([]string) error{
		"inet":          socket(unix.AF_INET, unix.SOCK_STREAM),
		"inet-dgram":    socket(unix.AF_INET, unix.SOCK_DGRAM),
		"inet6":         socket(unix.AF_INET6, unix.SOCK_STREAM),
		"netlink":       socket(unix.AF_NETLINK, unix.SOCK_RAW),
		"packet":        socket(unix.AF_PACKET, unix.SOCK_RAW),
		"vsock":         socket(unix.AF_VSOCK, unix.SOCK_STREAM),
		"unix-dgram":    socket(unix.AF_UNIX, unix.SOCK_DGRAM),
		"unix-raw":      socket(unix.AF_UNIX, unix.SOCK_RAW),
		"unix-dgram-nb": socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC),
		"unix-stream":   socket(unix.AF_UNIX, unix.SOCK_STREAM),
		"io_uring": func([]string) error {
			var p [256]byte
			return raw(unix.SYS_IO_URING_SETUP, 4, uintptr(unsafe.Pointer(&p)))(nil)
		},
		"ptrace":      raw(unix.SYS_PTRACE, unix.PTRACE_TRACEME),
		"ptrace-1":    raw(unix.SYS_PTRACE, unix.PTRACE_ATTACH, 1),
		"keyctl":      raw(unix.SYS_KEYCTL, 0, ^uintptr(2)),
		"bpf":         raw(unix.SYS_BPF),
		"perf":        raw(unix.SYS_PERF_EVENT_OPEN),
		"userfaultfd": raw(unix.SYS_USERFAULTFD, 0),
		"newuser":     func([]string) error { return unix.Unshare(unix.CLONE_NEWUSER) },
		"newnet":      func([]string) error { return unix.Unshare(unix.CLONE_NEWNET) },
		"newtime":     func([]string) error { return unix.Unshare(unix.CLONE_NEWTIME) },
		"clone3":      raw(unix.SYS_CLONE3),
		"chroot":      func(a []string) error { return unix.Chroot(a[0]) },
		"umount":      func(a []string) error { return unix.Unmount(a[0], unix.MNT_DETACH) },
		"remount":     func(a []string) error { return unix.Mount("none", a[0], "", unix.MS_REMOUNT|unix.MS_BIND, "") },
		"bind":        func(a []string) error { return unix.Mount(a[0], a[1], "", unix.MS_BIND, "") },
		"suid-chmod":  func(a []string) error { return os.Chmod(a[0], 0o755|os.ModeSetuid) },
		"suid-create": func(a []string) error { _, err := unix.Open(a[0], unix.O_CREAT|unix.O_WRONLY, 0o4755); return err },
		"sgid-chmod":  func(a []string) error { return os.Chmod(a[0], 0o755|os.ModeSetgid) },
		"suid-openat2": func(a []string) error {
			_, err := unix.Openat2(unix.AT_FDCWD, a[0], &unix.OpenHow{Flags: unix.O_CREAT | unix.O_WRONLY, Mode: 0o4755})
			return err
		},
		"lease": func(a []string) error {
			f, err := os.Open(a[0])
			if err == nil {
				_, err = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
			}
			return err
		},
		"tty-exclusive":  raw(unix.SYS_IOCTL, 0, unix.TIOCEXCL),
		"tty-discipline": func([]string) error { return unix.IoctlSetPointerInt(0, unix.TIOCSETD, 27) },
		"setpgid":        func([]string) error { return unix.Setpgid(0, 0) },
		"setsid":         func([]string) error { _, err := unix.Setsid(); return err },
		// 0 when ids that are not the user's are answered as to an ordinary user.
		"foreign-ids": func(a []string) error {
			for name, err := range map[string]error{
				"setuid": unix.Setuid(4242), "setgid": unix.Setgid(4242), "setresuid": unix.Setresuid(-1, -1, 4242),
				"chown": os.Chown(a[0], 4242, -1), "chgrp": os.Lchown(a[0], -1, 4242),
			} {
				if !errors.Is(err, unix.EPERM) {
					return fmt.Errorf("%s: %v", name, err)
				}
			}
			return errors.Join(unix.Setuid(os.Getuid()), unix.Setresgid(-1, os.Getgid(), -1), os.Chown(a[0], os.Getuid(), -1))
		},
		"sticky-chmod":   func(a []string) error { return os.Chmod(a[0], 0o755|os.ModeSticky) },
		"setrlimit-core": func([]string) error { return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: 1, Max: 1}) },
		"write":          func(a []string) error { return tryWrite(a[0]) },
		"open-write": func(a []string) error {
			f, err := os.OpenFile(a[0], os.O_WRONLY, 0)
			if err == nil {
				f.Close()
			}
			return err
		},
		"chmod":  func(a []string) error { return os.Chmod(a[0], 0o600) },
		"chtime": func(a []string) error { return os.Chtimes(a[0], time.Unix(1, 0), time.Unix(1, 0)) },
		"fd": func(a []string) error {
			n, _ := strconv.Atoi(a[0])
			_, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0)
			return err
		},
		"pair": func([]string) error {
			fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
			if err != nil {
				return err
			}
			if err := unix.Sendto(fds[0], []byte("x"), 0, nil); err != nil { // send(2)
				return fmt.Errorf("send: %w", err)
			}
			if _, err := unix.GetsockoptInt(fds[0], unix.SOL_SOCKET, unix.SO_TYPE); err != nil {
				return fmt.Errorf("getsockopt: %w", err)
			}
			var b [1]byte
			_, err = unix.Read(fds[1], b[:])
			return err
		},
		"pair-dgram":    func([]string) error { _, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM, 0); return err },
		"connect":       func(a []string) error { return unixAddr(a[0], unix.Connect) },
		"bind-unix":     func(a []string) error { return unixAddr(a[0], unix.Bind) },
		"unix-abstract": func(a []string) error { return unixAddr("@"+a[0], unix.Connect) },
		"seccomp-on-1": func([]string) error {
			b, err := os.ReadFile("/proc/1/status")
			if err == nil && !bytes.Contains(b, []byte("Seccomp:\t2")) {
				err = fmt.Errorf("pid 1 has no filter:\n%s", b)
			}
			return err
		},
		"caps": func([]string) error { // 0 when there are none at all, here and, a moment later, in all of pid 1
			if err := noCaps("/proc/self/status", true); err != nil {
				return err
			}
			if _, _, no := syscall.AllThreadsSyscall(unix.SYS_GETPID, 0, 0, 0); no == unix.ENOTSUP {
				return nil // a test binary with cgo cannot, see dropEverywhere
			}
			tasks, err := os.ReadDir("/proc/1/task")
			if err != nil {
				return err
			}
			for _, task := range tasks {
				for try := 0; ; try++ {
					err := noCaps("/proc/1/task/"+task.Name()+"/status", false)
					if err == nil || errors.Is(err, os.ErrNotExist) {
						break
					}
					if try == 100000 {
						return err
					}
					runtime.Gosched()
				}
			}
			return nil
		},
	}
}

func unixAddr(path string, do func(int, unix.Sockaddr) error) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	return do(fd, &unix.SockaddrUnix{Name: path})
}

// noCaps reports capabilities in a status file.
func noCaps(file string, bounding bool) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "Cap") && (bounding || !strings.HasPrefix(line, "CapBnd")) && !strings.HasSuffix(line, "\t0000000000000000\n") {
			return fmt.Errorf("%s: %s", file, line)
		}
	}
	return nil
}
