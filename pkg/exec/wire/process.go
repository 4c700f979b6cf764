package wire

import "codex/pkg/shellenv"

// StartParams asks for a process. The id is the caller's choice and is free again 30 s
// after process/closed. Without EnvPolicy the child gets exactly Env.
type StartParams struct {
	ProcessID string            `json:"processId"`
	Argv      []string          `json:"argv"`
	Cwd       string            `json:"cwd"`
	Env       map[string]string `json:"env"`
	EnvPolicy *shellenv.Policy  `json:"envPolicy,omitempty"` // of the server's environment, Env on top
	Tty       bool              `json:"tty"`
	PipeStdin bool              `json:"pipeStdin" schema:"opt"`
	Arg0      *string           `json:"arg0" schema:"opt"`
	Sandbox   *SandboxContext   `json:"sandbox,omitempty"`
	Extra     *StartExtra       `json:"codexSandbox,omitempty"`
}

// StartExtra holds our additions to process/start.
type StartExtra struct {
	Size   *Size   `json:"size,omitempty"`
	Merge  bool    `json:"merge,omitempty"`
	Retain *Retain `json:"retain,omitempty"`
	Push   *bool   `json:"push,omitempty"`
	Limits *Limits `json:"limits,omitempty"`
	// AskNetwork has hosts that are in no list of the profile's network proxy asked
	// about instead of refused.
	AskNetwork bool `json:"askNetwork,omitempty"`
}

// NetworkAskParams ask whether a process may connect to a host. The connection waits for
// MethodNetworkAnswer; a yes holds until the process ends. Protocol is http,
// https_connect or socks5_tcp.
type NetworkAskParams struct {
	AskID     string `json:"askId"`
	ProcessID string `json:"processId"`
	Protocol  string `json:"protocol"`
	Host      string `json:"host"`
	Port      uint16 `json:"port"`
}

// NetworkAnswerParams answer one question.
type NetworkAnswerParams struct {
	AskID string `json:"askId"`
	Allow bool   `json:"allow"`
}

// NetworkAnswerResult says whether the question was still open.
type NetworkAnswerResult struct {
	Open bool `json:"open"`
}

// Size is the size of a terminal in characters.
type Size struct {
	Rows int `json:"rows"`
	Cols int `json:"cols"`
}

// Retain says how many bytes of output the server keeps for process/read: the first
// HeadBytes and the last TailBytes. Without it: 0 and 1 MiB.
type Retain struct {
	HeadBytes int `json:"headBytes" schema:"opt"`
	TailBytes int `json:"tailBytes" schema:"opt"`
}

// Limits bound one process; zero is no limit. A process that passes one is killed with
// its whole tree, and process/exited names the limit.
type Limits struct {
	WallMs      int64 `json:"wallMs,omitempty"`
	OutputBytes int64 `json:"outputBytes,omitempty"`
}

// Names in ExitedExtra.Limit.
const (
	LimitWall   = "wall"
	LimitOutput = "output"
)

// StartResult answers process/start. SandboxType is missing from servers that know no
// sandbox on process/start.
type StartResult struct {
	ProcessID   string            `json:"processId"`
	SandboxType string            `json:"sandboxType,omitempty"`
	Extra       *StartResultExtra `json:"codexSandbox,omitempty"`
}

// StartResultExtra echoes the limits that will be kept, and says what of the sandbox's
// policy this machine does not enforce, for people.
type StartResultExtra struct {
	Limits     *Limits  `json:"limits,omitempty"`
	Unenforced []string `json:"unenforced,omitempty"`
}

// ReadParams asks for kept output with a sequence number above AfterSeq.
type ReadParams struct {
	ProcessID string  `json:"processId"`
	AfterSeq  *uint64 `json:"afterSeq" schema:"opt"`
	MaxBytes  *uint64 `json:"maxBytes" schema:"opt"`
	WaitMs    *uint64 `json:"waitMs" schema:"opt"`
}

// ReadResult answers process/read.
type ReadResult struct {
	Chunks        []Chunk    `json:"chunks"`
	NextSeq       uint64     `json:"nextSeq"`
	Exited        bool       `json:"exited"`
	ExitCode      *int       `json:"exitCode"`
	Closed        bool       `json:"closed"`
	Failure       *string    `json:"failure"`
	SandboxDenied bool       `json:"sandboxDenied"`
	Extra         *ReadExtra `json:"codexSandbox,omitempty"`
}

// Chunk is one piece of output; Chunk.Data is base64 on the wire.
type Chunk struct {
	Seq    uint64 `json:"seq"`
	Stream string `json:"stream"`
	Data   []byte `json:"chunk"`
}

// OutputParams is a process/output that the fast reader leaves to the general one.
type OutputParams struct {
	ProcessID string `json:"processId"`
	Chunk
}

// ReadExtra says how many bytes are gone between the head and the tail.
type ReadExtra struct {
	DroppedBytes uint64 `json:"droppedBytes"`
}

// WriteParams sends bytes to the stdin of a process. The same WriteID twice writes once.
type WriteParams struct {
	ProcessID string      `json:"processId"`
	Data      []byte      `json:"chunk"`
	WriteID   string      `json:"writeId,omitempty"`
	Extra     *WriteExtra `json:"codexSandbox,omitempty"`
}

// WriteExtra closes stdin after the bytes: the end of a pipe, the end-of-file character
// on a terminal.
type WriteExtra struct {
	EOF bool `json:"eof,omitempty"`
}

// WriteResult answers process/write with one of the Write constants.
type WriteResult struct {
	Status string `json:"status"`
}

// TerminateParams ends a process and everything it started.
type TerminateParams struct {
	ProcessID string          `json:"processId"`
	Extra     *TerminateExtra `json:"codexSandbox,omitempty"`
}

// TerminateExtra asks for SIGTERM first and SIGKILL GraceMs later.
type TerminateExtra struct {
	GraceMs int64 `json:"graceMs,omitempty"`
}

// TerminateResult says whether there was anything to end.
type TerminateResult struct {
	Running bool `json:"running"`
}

// SignalParams names a signal; all but interrupt need CapSignals.
type SignalParams struct {
	ProcessID string `json:"processId"`
	Signal    string `json:"signal" schema:"words=interrupt|terminate|hangup|quit|kill|usr1|usr2"`
}

// ResizeParams changes the size of a process's terminal.
type ResizeParams struct {
	ProcessID string `json:"processId"`
	Rows      int    `json:"rows"`
	Cols      int    `json:"cols"`
}

// ExitedParams tells that the process was reaped. ExitCode of a process killed by signal
// N is 128+N here; the original's 0.133 says -1 on pipes and 1 on a terminal.
type ExitedParams struct {
	ProcessID     string       `json:"processId"`
	Seq           uint64       `json:"seq"`
	ExitCode      int          `json:"exitCode"`
	SandboxDenied *bool        `json:"sandboxDenied,omitempty"`
	Extra         *ExitedExtra `json:"codexSandbox,omitempty"`
}

// ExitedExtra names the signal that killed the process (KILL, TERM …) and the limit that
// was passed.
type ExitedExtra struct {
	Signal string `json:"signal,omitempty"`
	Limit  string `json:"limit,omitempty"`
}

// ClosedParams is the last word on a process: it was reaped and its output is at an end.
type ClosedParams struct {
	ProcessID string       `json:"processId"`
	Seq       uint64       `json:"seq"`
	Extra     *ClosedExtra `json:"codexSandbox,omitempty"`
}

// ClosedExtra counts the bytes the process wrote, and those the server no longer has for
// process/read.
type ClosedExtra struct {
	StdoutBytes  uint64 `json:"stdoutBytes"`
	StderrBytes  uint64 `json:"stderrBytes"`
	PtyBytes     uint64 `json:"ptyBytes"`
	DroppedBytes uint64 `json:"droppedBytes"`
}
