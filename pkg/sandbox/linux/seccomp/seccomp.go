//go:build linux

// Package seccomp writes and loads the filter of system calls of a sandbox on Linux.
//
// Mounts and namespaces hide what can be hidden; the filter refuses the calls that
// reach past them: sockets, kernel interfaces that have been the way out of many a
// sandbox, new namespaces, set-id bits. What is refused is plain data, in
// rules.go; assembler.go makes BPF of it, by hand, since libraries for that spend more
// time at start than the rest of what confines a command.
//
// It imports golang.org/x/sys only.
package seccomp

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Verdict is what becomes of a call.
type Verdict uint8

// What may become of a call.
const (
	Allow Verdict = iota
	Deny          // EPERM
	NoSys         // ENOSYS: callers fall back to an older call
)

// Rule gives some calls, by number, a verdict: always, or when any, or all, of its tests
// hold. What no rule is about is allowed.
type Rule struct {
	Calls []uint32
	Then  Verdict
	Any   []Test
	All   []Test
}

// Test is true or not of one argument of a call: its lower half, of which Mask is looked
// at when it is not 0. One of the other fields is set.
type Test struct {
	Arg  uint8
	Mask uint32

	In    []uint32 // it is one of these
	Not   []uint32 // it is none of these
	Set   uint32   // it has any of these bits
	Lacks uint32   // it has none of these bits
	Above uint32   // it is greater
	Given bool     // its whole is not 0
	Other owner    // it is neither the user, or group, of Config nor -1, which changes nothing
}

// owner is what an argument is compared with.
type owner uint8

const (
	user owner = iota + 1
	group
)

// Network is what a command may do with sockets.
type Network uint8

// What may be done with sockets.
const (
	NetworkOff      Network = iota // connected unix stream pairs
	NetworkProxied                 // and TCP to be connected: there is a loopback interface alone
	NetworkLoopback                // and to listen with, and UDP
	NetworkOpen                    // all
)

// Config says which rules a command is under.
type Config struct {
	Network     Network
	NetworkOnly bool // nothing is held but the network
	Mapped      bool // a user namespace has one user and one group, UID and GID
	UID, GID    uint32
	Alone       bool // there are no namespaces: files and processes outside are in sight
	ReadOnly    bool // with Alone: nothing at all may be written
}

// Filter gives the filter for c.
func Filter(c Config) []unix.SockFilter {
	p := newProgram()
	p.ids = [...]uint32{user: c.UID, group: c.GID}
	p.add(always)
	p.add(alwaysArch)
	if !c.NetworkOnly {
		p.add(files)
		p.add(filesArch)
	}
	if c.Mapped {
		p.add(mapped)
		p.add(mappedArch)
	}
	if c.Network != NetworkOpen {
		p.add(networks[c.Network])
		p.add(noDebugging)
	}
	if c.Alone {
		p.add(alone)
		if c.ReadOnly {
			p.add(metadata)
			p.add(metadataArch)
		}
	}
	return p.assemble()
}

// Assemble makes a filter of rules. Of two about the same call the later counts.
func Assemble(lists ...[]Rule) []unix.SockFilter {
	p := newProgram()
	for _, rules := range lists {
		p.add(rules)
	}
	return p.assemble()
}

// Load puts a filter on every thread of this process, and so on all that it starts.
func Load(code []unix.SockFilter) error {
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	tid, _, no := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&prog)))
	if no != 0 {
		return no
	}
	if tid != 0 {
		return fmt.Errorf("on thread %d: %w", tid, unix.EAGAIN)
	}
	return nil
}

// Supported reports whether this kernel has filters.
func Supported() bool {
	const actionAvail = 2 // SECCOMP_GET_ACTION_AVAIL
	action := uint32(retErrno)
	_, _, no := unix.Syscall(unix.SYS_SECCOMP, actionAvail, 0, uintptr(unsafe.Pointer(&action)))
	return no == 0
}
