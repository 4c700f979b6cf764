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
	Other    bool   `json:"other_system,omitempty"`
}
