package protocol

// CommandExecParams holds the params of command/exec.
type CommandExecParams struct {
	Command            List[string] `json:"command"`
	ProcessID          *string      `json:"processId,omitempty"`
	Tty                bool         `json:"tty,omitempty"`
	StreamStdin        bool         `json:"streamStdin,omitempty"`
	StreamStdoutStderr bool         `json:"streamStdoutStderr,omitempty"`
	OutputBytesCap     *uint64      `json:"outputBytesCap,omitempty"`
	DisableOutputCap   bool         `json:"disableOutputCap,omitempty"`
	DisableTimeout     bool         `json:"disableTimeout,omitempty"`
	// TimeoutMs ends in exit code 124.
	TimeoutMs         *int64                   `json:"timeoutMs,omitempty"`
	Cwd               *string                  `json:"cwd,omitempty"`
	Env               map[string]*string       `json:"env,omitempty"`
	Size              *CommandExecTerminalSize `json:"size,omitempty"`
	SandboxPolicy     *SandboxPolicy           `json:"sandboxPolicy,omitempty"`
	PermissionProfile *string                  `json:"permissionProfile,omitempty" schema:"exp"`
}

// CommandExecTerminalSize is the size of a terminal, in characters.
type CommandExecTerminalSize struct {
	Rows uint16 `json:"rows"`
	Cols uint16 `json:"cols"`
}

// CommandExecResponse is the result of command/exec.
type CommandExecResponse struct {
	ExitCode int32  `json:"exitCode"`
	Stdout   string `json:"stdout"`
	Stderr   string `json:"stderr"`
}

// CommandExecWriteParams holds the params of command/exec/write.
type CommandExecWriteParams struct {
	ProcessID   string  `json:"processId"`
	DeltaBase64 *string `json:"deltaBase64,omitempty"`
	CloseStdin  bool    `json:"closeStdin,omitempty"`
}

// CommandExecTerminateParams holds the params of command/exec/terminate.
type CommandExecTerminateParams struct {
	ProcessID string `json:"processId"`
}

// CommandExecResizeParams holds the params of command/exec/resize.
type CommandExecResizeParams struct {
	ProcessID string                  `json:"processId"`
	Size      CommandExecTerminalSize `json:"size"`
}

// CommandExecOutputDeltaNotification holds the params of command/exec/outputDelta.
type CommandExecOutputDeltaNotification struct {
	ProcessID   string                  `json:"processId"`
	Stream      CommandExecOutputStream `json:"stream"`
	DeltaBase64 string                  `json:"deltaBase64"`
	CapReached  bool                    `json:"capReached"`
}

// CommandExecOutputStream is an output of a process.
type CommandExecOutputStream string

// Words of CommandExecOutputStream.
const (
	CommandExecOutputStreamStdout CommandExecOutputStream = "stdout"
	CommandExecOutputStreamStderr CommandExecOutputStream = "stderr"
)

func (CommandExecOutputStream) Values() []string { return []string{"stdout", "stderr"} }

// ProcessSpawnParams holds the params of process/spawn, which is experimental.
type ProcessSpawnParams struct {
	Command            List[string]         `json:"command"`
	ProcessHandle      string               `json:"processHandle"`
	Cwd                string               `json:"cwd"`
	Tty                bool                 `json:"tty,omitempty"`
	StreamStdin        bool                 `json:"streamStdin,omitempty"`
	StreamStdoutStderr bool                 `json:"streamStdoutStderr,omitempty"`
	OutputBytesCap     *uint64              `json:"outputBytesCap,omitempty"`
	TimeoutMs          *int64               `json:"timeoutMs,omitempty"`
	Env                map[string]*string   `json:"env,omitempty"`
	Size               *ProcessTerminalSize `json:"size,omitempty"`
}

// ProcessTerminalSize is the size of a terminal, in characters.
type ProcessTerminalSize CommandExecTerminalSize

// ProcessWriteStdinParams holds the params of process/writeStdin, which is experimental.
type ProcessWriteStdinParams struct {
	ProcessHandle string  `json:"processHandle"`
	DeltaBase64   *string `json:"deltaBase64,omitempty"`
	CloseStdin    bool    `json:"closeStdin,omitempty"`
}

// ProcessKillParams holds the params of process/kill, which is experimental.
type ProcessKillParams struct {
	ProcessHandle string `json:"processHandle"`
}

// ProcessResizePtyParams holds the params of process/resizePty, which is experimental.
type ProcessResizePtyParams struct {
	ProcessHandle string              `json:"processHandle"`
	Size          ProcessTerminalSize `json:"size"`
}

// ProcessOutputDeltaNotification holds the params of process/outputDelta.
type ProcessOutputDeltaNotification struct {
	ProcessHandle string              `json:"processHandle"`
	Stream        ProcessOutputStream `json:"stream"`
	DeltaBase64   string              `json:"deltaBase64"`
	CapReached    bool                `json:"capReached"`
}

// ProcessOutputStream is an output of a process.
type ProcessOutputStream string

// Words of ProcessOutputStream.
const (
	ProcessOutputStreamStdout ProcessOutputStream = "stdout"
	ProcessOutputStreamStderr ProcessOutputStream = "stderr"
)

func (ProcessOutputStream) Values() []string { return []string{"stdout", "stderr"} }

// ProcessExitedNotification holds the params of process/exited.
type ProcessExitedNotification struct {
	ProcessHandle    string `json:"processHandle"`
	ExitCode         int32  `json:"exitCode"`
	Stdout           string `json:"stdout"`
	StdoutCapReached bool   `json:"stdoutCapReached"`
	Stderr           string `json:"stderr"`
	StderrCapReached bool   `json:"stderrCapReached"`
}
