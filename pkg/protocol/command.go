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

// CommandExecWriteResponse is the result of command/exec/write.
type CommandExecWriteResponse struct{}

// CommandExecTerminateParams holds the params of command/exec/terminate.
type CommandExecTerminateParams struct {
	ProcessID string `json:"processId"`
}

// CommandExecTerminateResponse is the result of command/exec/terminate.
type CommandExecTerminateResponse struct{}

// CommandExecResizeParams holds the params of command/exec/resize.
type CommandExecResizeParams struct {
	ProcessID string                  `json:"processId"`
	Size      CommandExecTerminalSize `json:"size"`
}

// CommandExecResizeResponse is the result of command/exec/resize.
type CommandExecResizeResponse struct{}

// CommandExecOutputDeltaNotification holds the params of the command/exec/outputDelta
// notification.
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

// Values lists every word of the type, in the order of the schema.
func (CommandExecOutputStream) Values() []string {
	return []string{"stdout", "stderr"}
}

// ProcessSpawnParams holds the params of process/spawn. It is experimental.
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
type ProcessTerminalSize struct {
	Rows uint16 `json:"rows"`
	Cols uint16 `json:"cols"`
}

// ProcessSpawnResponse is the result of process/spawn. It is experimental.
type ProcessSpawnResponse struct{}

// ProcessWriteStdinParams holds the params of process/writeStdin. It is experimental.
type ProcessWriteStdinParams struct {
	ProcessHandle string  `json:"processHandle"`
	DeltaBase64   *string `json:"deltaBase64,omitempty"`
	CloseStdin    bool    `json:"closeStdin,omitempty"`
}

// ProcessWriteStdinResponse is the result of process/writeStdin. It is experimental.
type ProcessWriteStdinResponse struct{}

// ProcessKillParams holds the params of process/kill. It is experimental.
type ProcessKillParams struct {
	ProcessHandle string `json:"processHandle"`
}

// ProcessKillResponse is the result of process/kill. It is experimental.
type ProcessKillResponse struct{}

// ProcessResizePtyParams holds the params of process/resizePty. It is experimental.
type ProcessResizePtyParams struct {
	ProcessHandle string              `json:"processHandle"`
	Size          ProcessTerminalSize `json:"size"`
}

// ProcessResizePtyResponse is the result of process/resizePty. It is experimental.
type ProcessResizePtyResponse struct{}

// ProcessOutputDeltaNotification holds the params of the process/outputDelta
// notification.
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

// Values lists every word of the type, in the order of the schema.
func (ProcessOutputStream) Values() []string {
	return []string{"stdout", "stderr"}
}

// ProcessExitedNotification holds the params of the process/exited notification.
type ProcessExitedNotification struct {
	ProcessHandle    string `json:"processHandle"`
	ExitCode         int32  `json:"exitCode"`
	Stdout           string `json:"stdout"`
	StdoutCapReached bool   `json:"stdoutCapReached"`
	Stderr           string `json:"stderr"`
	StderrCapReached bool   `json:"stderrCapReached"`
}
