// Package wire holds the types of the exec-server protocol: the pipe between an
// engine and an executor, through which every command, pty, file read and file write goes.
// It is the single source for both sides: pkg/exec/server answers what is described here,
// pkg/exec/client asks it. The protocol, with the extensions of ours, is told in
// codex-executor(5).
//
// Messages are JSON-RPC without the "jsonrpc" member, one object a line (pkg/jsonrpc).
// Names follow the original's; whatever it does not know sits under the method and
// capability prefix "codexSandbox/" or in one member called "codexSandbox", so that
// either side can be swapped for the original's.
//
// The types are decoded strictly by their tags, see jsonrpc.Decoder.
//
// Ground layer: it imports jsonrpc and shellenv only.
package wire

import "encoding/json"

// Methods a client may call.
const (
	MethodInitialize      = "initialize"
	MethodEnvInfo         = "environment/info"
	MethodEnvStatus       = "environment/status"
	MethodStart           = "process/start"
	MethodRead            = "process/read"
	MethodWrite           = "process/write"
	MethodTerminate       = "process/terminate"
	MethodSignal          = "process/signal"
	MethodReadFile        = "fs/readFile"
	MethodWriteFile       = "fs/writeFile"
	MethodCreateDirectory = "fs/createDirectory"
	MethodGetMetadata     = "fs/getMetadata"
	MethodReadDirectory   = "fs/readDirectory"
	MethodRemove          = "fs/remove"
	MethodCopy            = "fs/copy"
	MethodCanonicalize    = "fs/canonicalize"

	// Ours; each is announced as a capability of the same name.
	MethodResize = "codexSandbox/resize"
	MethodRename = "codexSandbox/rename"

	// Ours, with CapNetwork: the answer to NotifyNetworkAsk.
	MethodNetworkAnswer = "codexSandbox/networkAnswer"
)

// Notifications: the first from the client, the others from the server.
const (
	NotifyInitialized = "initialized"
	NotifyOutput      = "process/output"
	NotifyExited      = "process/exited"
	NotifyClosed      = "process/closed"

	// Ours, to clients that asked for it with StartExtra.AskNetwork.
	NotifyNetworkAsk = "codexSandbox/networkAsk"
)

// Capability names of ours in EnvironmentInfo.Capabilities. A server that announces none
// of them but sends an EnvironmentInfo is the original's later kind (0.169): it takes
// file:// paths and the sandbox member of process/start. One without EnvironmentInfo is
// the earlier kind (0.133): plain paths, no sandbox.
const (
	CapSandbox   = "codexSandbox/sandbox"   // this host can confine a process
	CapMerge     = "codexSandbox/merge"     // Extra.Merge
	CapResize    = "codexSandbox/resize"    // Extra.Size and MethodResize
	CapEOF       = "codexSandbox/eof"       // WriteExtra.EOF
	CapRetain    = "codexSandbox/retain"    // Extra.Retain, Extra.Push
	CapCounts    = "codexSandbox/counts"    // byte counts on process/closed
	CapLimits    = "codexSandbox/limits"    // Extra.Limits
	CapSignals   = "codexSandbox/signals"   // all names of MethodSignal
	CapTerminate = "codexSandbox/terminate" // TerminateExtra.GraceMs
	CapRename    = "codexSandbox/rename"    // MethodRename
	CapNetwork   = "codexSandbox/network"   // profiles with a network proxy, StartExtra.AskNetwork
)

// Streams of process/output.
const (
	Stdout = "stdout"
	Stderr = "stderr"
	Pty    = "pty"
)

// Answers of process/write.
const (
	WriteAccepted    = "accepted"
	WriteUnknown     = "unknownProcess"
	WriteStdinClosed = "stdinClosed"
	WriteStarting    = "starting"
)

// SandboxNone is the sandboxType of a process that runs unconfined. A confined one has
// any other non-empty name ("linuxSeccomp" on Linux).
const SandboxNone = "none"

// InitializeParams opens a connection.
type InitializeParams struct {
	ClientName      string  `json:"clientName"`
	ResumeSessionID *string `json:"resumeSessionId" schema:"opt"`
}

// InitializeResult answers it. EnvironmentInfo is missing from the original's 0.133.
type InitializeResult struct {
	SessionID       string           `json:"sessionId"`
	EnvironmentInfo *EnvironmentInfo `json:"environmentInfo,omitempty"`
}

// EnvironmentInfo says where the server is. Paths are file:// URIs.
type EnvironmentInfo struct {
	Shell                Shell           `json:"shell"`
	ExecutorVersion      string          `json:"executorVersion"`
	ProviderID           string          `json:"providerId"`
	Cwd                  string          `json:"cwd"`
	UserHomeDir          string          `json:"userHomeDir"`
	PlatformOS           string          `json:"platformOs"`
	PrependPathDirs      []string        `json:"prependPathDirs"`
	TemporaryDirectories []string        `json:"temporaryDirectories"`
	TempDir              string          `json:"tempDir"`
	Capabilities         map[string]bool `json:"capabilities"`
}

// Shell is the login shell of the server's user.
type Shell struct {
	Name string `json:"name"`
	Path string `json:"path"`
}

// StatusResult answers environment/status.
type StatusResult struct {
	Status string `json:"status"`
}

// SandboxContext is the sandbox member of process/start and of every fs/* call.
// Permissions is a permission profile as pkg/policy writes it. Cwd resolves what the
// profile says about the project; it may be missing when the profile says nothing.
type SandboxContext struct {
	Permissions           json.RawMessage `json:"permissions"`
	Cwd                   string          `json:"cwd,omitempty"`
	WorkspaceRoots        []string        `json:"workspaceRoots,omitempty"`
	WindowsSandboxLevel   string          `json:"windowsSandboxLevel"`
	WindowsPrivateDesktop bool            `json:"windowsSandboxPrivateDesktop" schema:"opt"`
	UseLegacyLandlock     bool            `json:"useLegacyLandlock" schema:"opt"`
}

// WindowsLevel gives the word for SandboxContext.WindowsSandboxLevel that [windows]
// sandbox of config.toml stands for.
func WindowsLevel(word string) string {
	switch word {
	case "":
		return "disabled"
	case "unelevated":
		return "restricted-token"
	}
	return word
}
