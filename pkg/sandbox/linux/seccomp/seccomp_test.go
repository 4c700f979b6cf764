//go:build linux

package seccomp

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// run interprets a filter for one call.
func run(code []unix.SockFilter, arch, nr uint32, args [6]uint64) uint32 {
	load := func(off uint32) uint32 {
		switch {
		case off == offNr:
			return nr
		case off == offArch:
			return arch
		}
		n := off - offArgs
		return uint32(args[n/8] >> (8 * (n % 8)))
	}
	var acc uint32
	for pc := 0; ; pc++ {
		in := code[pc]
		jump := func(yes bool) {
			if yes {
				pc += int(in.Jt)
			} else {
				pc += int(in.Jf)
			}
		}
		switch in.Code {
		case bpfLoad:
			acc = load(in.K)
		case bpfAnd:
			acc &= in.K
		case bpfEqual:
			jump(acc == in.K)
		case bpfAbove:
			jump(acc >= in.K)
		case bpfBits:
			jump(acc&in.K != 0)
		case bpfJump:
			pc += int(in.K)
		case bpfRet:
			return in.K
		default:
			panic(fmt.Sprintf("instruction %+v", in))
		}
	}
}

// TestFilter runs the filters of every kind of plan in an interpreter.
func TestFilter(t *testing.T) {
	type call struct {
		nr   uint32
		args [6]uint64
		want uint32
	}
	const cloexec = unix.SOCK_CLOEXEC
	calls := func(net, held, mapped, meta bool) []call {
		verdict := func(allowed bool) uint32 {
			if allowed {
				return retAllow
			}
			return retDeny
		}
		openat2 := uint32(retAllow)
		if held {
			openat2 = retNoSys
		}
		return []call{
			{unix.SYS_READ, [6]uint64{}, retAllow},
			{unix.SYS_WRITE, [6]uint64{}, retAllow},
			{unix.SYS_EXECVE, [6]uint64{}, retAllow},
			{maxNr - 1, [6]uint64{}, retAllow},
			{maxNr, [6]uint64{}, retAllow},
			{10000, [6]uint64{}, retAllow},
			{unix.SYS_MOUNT, [6]uint64{}, retDeny},
			{openTreeAttr, [6]uint64{}, retDeny},
			{unix.SYS_IO_URING_SETUP, [6]uint64{}, retDeny},
			{unix.SYS_CLONE3, [6]uint64{}, retNoSys},
			{unix.SYS_OPENAT2, [6]uint64{}, openat2},
			{unix.SYS_CLONE, [6]uint64{unix.CLONE_VM | unix.CLONE_THREAD}, retAllow},
			{unix.SYS_CLONE, [6]uint64{unix.CLONE_NEWUSER | 17}, retDeny},
			{unix.SYS_UNSHARE, [6]uint64{unix.CLONE_FS}, retAllow},
			{unix.SYS_UNSHARE, [6]uint64{unix.CLONE_NEWTIME}, retDeny},
			{unix.SYS_USERFAULTFD, [6]uint64{0}, retDeny},
			{unix.SYS_USERFAULTFD, [6]uint64{1 | unix.O_CLOEXEC}, retAllow},
			{unix.SYS_IOCTL, [6]uint64{0, unix.TIOCSTI}, retDeny},
			{unix.SYS_IOCTL, [6]uint64{0, unix.TIOCSTI | 1<<32}, retDeny}, // the kernel sees 32 bits
			{unix.SYS_IOCTL, [6]uint64{0, unix.TIOCLINUX}, retDeny},
			{unix.SYS_IOCTL, [6]uint64{0, unix.TCGETS}, retAllow},
			{unix.SYS_OPENAT, [6]uint64{0, 0, unix.O_CREAT, 0o4755}, verdict(!held)},
			{unix.SYS_OPENAT, [6]uint64{0, 0, unix.O_TMPFILE, 0o4755}, verdict(!held)},
			{unix.SYS_OPENAT, [6]uint64{0, 0, unix.O_RDONLY, 0o4755}, retAllow}, // no file is made
			{unix.SYS_OPENAT, [6]uint64{0, 0, unix.O_CREAT, 0o755}, retAllow},
			{unix.SYS_FCHMODAT, [6]uint64{0, 0, 0o4755}, verdict(!held && !meta)},
			{unix.SYS_FCHMODAT, [6]uint64{0, 0, 0o1755}, verdict(!meta)},
			{unix.SYS_FCHMOD, [6]uint64{0, 0o4000}, verdict(!held && !meta)},
			{unix.SYS_OPENAT, [6]uint64{0, 0, unix.O_CREAT, 0o2755}, verdict(!held)},
			{unix.SYS_FCHMODAT, [6]uint64{0, 0, 0o2755}, verdict(!held && !meta)},
			{unix.SYS_FCNTL, [6]uint64{3, unix.F_SETLEASE, unix.F_RDLCK}, verdict(!held)},
			{unix.SYS_FCNTL, [6]uint64{3, unix.F_SETLK}, retAllow},
			{unix.SYS_IOCTL, [6]uint64{0, unix.TIOCEXCL}, retDeny},
			{unix.SYS_IOCTL, [6]uint64{0, unix.TIOCSETD}, retDeny},
			{unix.SYS_SETUID, [6]uint64{1000}, retAllow},
			{unix.SYS_SETUID, [6]uint64{0}, verdict(!mapped)},
			{unix.SYS_SETGID, [6]uint64{1001}, verdict(!mapped)},
			{unix.SYS_SETRESUID, [6]uint64{1000, 1000, 1<<32 - 1}, retAllow},
			{unix.SYS_SETRESUID, [6]uint64{1000, 1000, 0}, verdict(!mapped)},
			{unix.SYS_SETREGID, [6]uint64{1<<32 - 1, 5}, verdict(!mapped)},
			{unix.SYS_FCHOWNAT, [6]uint64{0, 0, 1000, 1000}, verdict(!meta)},
			{unix.SYS_FCHOWNAT, [6]uint64{0, 0, 1<<32 - 1, 1<<32 - 1}, verdict(!meta)},
			{unix.SYS_FCHOWNAT, [6]uint64{0, 0, 0, 1000}, verdict(!meta && !mapped)},
			{unix.SYS_FCHOWN, [6]uint64{0, 1000, 0}, verdict(!meta && !mapped)},
			{unix.SYS_MKNODAT, [6]uint64{0, 0, unix.S_IFREG | 0o4755}, verdict(!held)},
			{unix.SYS_FSETXATTR, [6]uint64{}, verdict(!meta)},
			{unix.SYS_SHMGET, [6]uint64{}, verdict(!meta)},
			{unix.SYS_PRLIMIT64, [6]uint64{0, 7, 1 << 33}, retAllow},
			{unix.SYS_PRLIMIT64, [6]uint64{99, 7, 0, 0x1000}, retAllow},
			{unix.SYS_PRLIMIT64, [6]uint64{99, 7, 1 << 33}, verdict(!meta)},
			{unix.SYS_SETPRIORITY, [6]uint64{0, 0, 10}, retAllow},
			{unix.SYS_SETPRIORITY, [6]uint64{0, 99, 10}, verdict(!meta)},
			{unix.SYS_SCHED_SETAFFINITY, [6]uint64{99}, verdict(!meta)},
			{unix.SYS_SETPRIORITY, [6]uint64{unix.PRIO_PGRP, 0, 10}, retAllow},
			{unix.SYS_SETPRIORITY, [6]uint64{unix.PRIO_USER, 0, 10}, verdict(!meta)},
			{unix.SYS_IOPRIO_SET, [6]uint64{1, 0, 7}, retAllow},
			{unix.SYS_IOPRIO_SET, [6]uint64{3, 0, 7}, verdict(!meta)}, // IOPRIO_WHO_USER
			{unix.SYS_SHMAT, [6]uint64{7}, verdict(!meta)},            // by an id that needs no shmget
			{unix.SYS_SHMCTL, [6]uint64{7, 0}, verdict(!meta)},
			{unix.SYS_SEMCTL, [6]uint64{7, 0}, verdict(!meta)},
			{unix.SYS_SEMTIMEDOP, [6]uint64{7}, verdict(!meta)},
			{unix.SYS_MSGSND, [6]uint64{7}, verdict(!meta)},
			{unix.SYS_MSGRCV, [6]uint64{7}, verdict(!meta)},
			{unix.SYS_MQ_UNLINK, [6]uint64{}, verdict(!meta)},
			{unix.SYS_IOCTL, [6]uint64{3, 0x40086602}, verdict(!meta)}, // FS_IOC_SETFLAGS
			{unix.SYS_IOCTL, [6]uint64{3, 0x40087602}, verdict(!meta)}, // FS_IOC_SETVERSION
			{unix.SYS_IOCTL, [6]uint64{3, 0x401c5820}, verdict(!meta)}, // FS_IOC_FSSETXATTR
			{unix.SYS_IOCTL, [6]uint64{3, 0x40806685}, verdict(!meta)}, // FS_IOC_ENABLE_VERITY
			{unix.SYS_IOCTL, [6]uint64{3, 0x800c6613}, verdict(!meta)}, // FS_IOC_SET_ENCRYPTION_POLICY
			{unix.SYS_IOCTL, [6]uint64{3, 0x40086604}, verdict(!meta)}, // EXT4_IOC_SETVERSION
			{unix.SYS_IOCTL, [6]uint64{3, 0x40047211}, verdict(!meta)}, // FAT_IOCTL_SET_ATTRIBUTES
			{unix.SYS_IOCTL, [6]uint64{3, 0x5000940e}, verdict(!meta)}, // BTRFS_IOC_SUBVOL_CREATE
			{unix.SYS_IOCTL, [6]uint64{3, 0x5000940f}, verdict(!meta)}, // BTRFS_IOC_SNAP_DESTROY
			{unix.SYS_IOCTL, [6]uint64{3, 0x4008941a}, verdict(!meta)}, // BTRFS_IOC_SUBVOL_SETFLAGS
			{unix.SYS_IOCTL, [6]uint64{3, 0x80086601}, retAllow},       // FS_IOC_GETFLAGS
			{unix.SYS_IOCTL, [6]uint64{3, 0xc020660b}, retAllow},       // FS_IOC_FIEMAP
			{unix.SYS_IOCTL, [6]uint64{3, 0x40049409}, retAllow},       // FICLONE: to a file that is open for writing
			{unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_STREAM}, verdict(net)},
			{unix.SYS_SOCKET, [6]uint64{unix.AF_UNIX, unix.SOCK_STREAM | cloexec}, retAllow},
			{unix.SYS_SOCKET, [6]uint64{unix.AF_UNIX, unix.SOCK_SEQPACKET}, retAllow},
			{unix.SYS_SOCKET, [6]uint64{unix.AF_UNIX, unix.SOCK_DGRAM | cloexec}, verdict(net)},
			{unix.SYS_SOCKETPAIR, [6]uint64{unix.AF_UNIX, unix.SOCK_RAW}, verdict(net)},
			{unix.SYS_CONNECT, [6]uint64{}, verdict(net)},
			{unix.SYS_SENDTO, [6]uint64{}, retAllow},
			{unix.SYS_SENDTO, [6]uint64{4: 0x1000}, verdict(net)},
			{unix.SYS_SENDTO, [6]uint64{4: 1 << 40}, verdict(net)},
			{unix.SYS_PTRACE, [6]uint64{}, verdict(net)},
		}
	}
	for _, c := range []Config{{}, {Alone: true, ReadOnly: true}, {NetworkOnly: true}} {
		for _, c.Network = range []Network{NetworkOff, NetworkOpen} {
			for _, c.Mapped = range []bool{false, true} {
				c.UID, c.GID = 1000, 1000
				code := Filter(c)
				for _, call := range calls(c.Network == NetworkOpen, !c.NetworkOnly, c.Mapped, c.Alone) {
					if got := run(code, auditArch, call.nr, call.args); got != call.want {
						t.Errorf("%+v: call %d%v gives %#x, want %#x", c, call.nr, call.args, got, call.want)
					}
				}
				if got := run(code, auditArch^1, unix.SYS_READ, [6]uint64{}); got != retKill {
					t.Errorf("a call of another architecture gives %#x", got)
				}
			}
		}
	}
	if got := run(Filter(Config{}), auditArch, 0x40000000|unix.SYS_READ, [6]uint64{}); auditArch == unix.AUDIT_ARCH_X86_64 && got != retNoSys {
		t.Errorf("an x32 call gives %#x", got)
	}
}

// TestProxyFilter: what sockets a command behind the proxy has.
func TestProxyFilter(t *testing.T) {
	const flags = unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK
	tests := []struct {
		nr           uint32
		args         [6]uint64
		strict, bind bool
	}{
		{unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_STREAM | flags}, true, true},
		{unix.SYS_SOCKET, [6]uint64{unix.AF_INET6, unix.SOCK_STREAM, unix.IPPROTO_TCP}, true, true},
		{unix.SYS_SOCKET, [6]uint64{unix.AF_INET | 1<<32, unix.SOCK_STREAM}, true, true}, // the kernel sees 32 bits
		{unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP}, false, false},
		{unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_SCTP}, false, false},
		{unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_DGRAM | flags}, false, true},
		{unix.SYS_SOCKET, [6]uint64{unix.AF_INET6, unix.SOCK_DGRAM, unix.IPPROTO_UDP}, false, true},
		{unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP}, false, false},
		{unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_TCP}, false, false},
		{unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_SEQPACKET}, false, false},
		{unix.SYS_SOCKET, [6]uint64{unix.AF_INET, unix.SOCK_PACKET}, false, false},
		{unix.SYS_SOCKET, [6]uint64{unix.AF_UNIX, unix.SOCK_STREAM}, false, false},
		{unix.SYS_SOCKET, [6]uint64{unix.AF_NETLINK, unix.SOCK_STREAM}, false, false},
		{unix.SYS_SOCKET, [6]uint64{unix.AF_UNSPEC, unix.SOCK_STREAM}, false, false},
		{unix.SYS_SOCKET, [6]uint64{unix.AF_VSOCK, unix.SOCK_STREAM}, false, false},
		{unix.SYS_SOCKETPAIR, [6]uint64{unix.AF_UNIX, unix.SOCK_STREAM | flags}, true, true},
		{unix.SYS_SOCKETPAIR, [6]uint64{unix.AF_UNIX, unix.SOCK_DGRAM}, false, false},
		{unix.SYS_SOCKETPAIR, [6]uint64{unix.AF_INET, unix.SOCK_STREAM}, false, false},
		{unix.SYS_CONNECT, [6]uint64{}, true, true},
		{unix.SYS_BIND, [6]uint64{}, false, true},
		{unix.SYS_LISTEN, [6]uint64{}, false, true},
		{unix.SYS_ACCEPT4, [6]uint64{}, false, true},
		{unix.SYS_SENDTO, [6]uint64{}, true, true},
		{unix.SYS_SENDTO, [6]uint64{4: 0x1000}, false, true},
		{unix.SYS_PTRACE, [6]uint64{}, false, false},
		{unix.SYS_MOUNT, [6]uint64{}, false, false},
	}
	for _, tt := range tests {
		for network, want := range map[Network]bool{NetworkProxied: tt.strict, NetworkLoopback: tt.bind} {
			code := Filter(Config{Network: network})
			if got := run(code, auditArch, tt.nr, tt.args); (got == retAllow) != want {
				t.Errorf("network %d: call %d%v gives %#x, want allowed %v", network, tt.nr, tt.args, got, want)
			}
		}
	}
}
