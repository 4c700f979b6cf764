// Package linux confines one command on Linux.
//
// The program runs itself once more, as an init process in new user, pid, ipc and
// network namespaces. That process makes the file system read-only but for the writable
// roots, keeps protected names read-only below them, drops every capability, adds
// Landlock and a seccomp filter, and then starts the command and stays as its pid 1: it
// reaps, forwards signals and, when the command ends or the caller dies, ends everything
// that is left. Where there are no namespaces it confines itself with Landlock and the
// filter, and becomes the command.
//
// A Child is the caller's side of it, Init the other; between them goes the private
// encoding of plan.go, over a socket pair. The package imports policy, ostext,
// onexec and execvp, and reads no environment.
package linux

// Support is which layers of the kernel a sandbox can use.
type Support struct {
	UserNS   bool   `json:"user_namespaces"`
	MountNS  bool   `json:"mount_namespaces"`
	PidNS    bool   `json:"pid_namespaces"`
	IpcNS    bool   `json:"ipc_namespaces"`
	NetNS    bool   `json:"network_namespaces"`
	Landlock int    `json:"landlock_abi"` // 0 is none
	Seccomp  bool   `json:"seccomp_filter"`
	Spaces   bool   `json:"namespaces_work"`  // all of them together, with mounts: tried, not guessed
	Reason   string `json:"reason,omitempty"` // why not

	// OuterProc says that a sandbox sees the processes outside, read-only: /proc
	// cannot be mounted where that of a container is partly covered.
	OuterProc bool `json:"outer_proc,omitempty"`

	// AsRoot says that Spaces is so without user namespaces, by root's own rights.
	AsRoot bool `json:"namespaces_by_root,omitempty"`
}

// Refusal says that the kernel does not let a policy be enforced. Nothing was run.
type Refusal struct {
	Reason string   // what was refused, in the kernel's words
	Hints  []string // how to go on
}

func (r *Refusal) Error() string { return r.Reason }
