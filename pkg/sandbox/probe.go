package sandbox

// Support is which layers of the kernel a sandbox can use here.
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

	Seatbelt bool `json:"seatbelt,omitempty"`          // macOS: sandbox-exec works
	Tokens   bool `json:"restricted_tokens,omitempty"` // Windows: a restricted token can be made

	// OuterProc says that a sandbox sees the processes outside, read-only: /proc
	// cannot be mounted where that of a container is partly covered.
	OuterProc bool `json:"outer_proc,omitempty"`

	// AsRoot says that Spaces is so without user namespaces, by root's own rights.
	AsRoot bool `json:"namespaces_by_root,omitempty"`
}
