package turn

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"os"
	"os/exec"
	"time"

	"codex/pkg/cli/pipeline"
	"codex/pkg/cli/version"
	"codex/pkg/config"
	"codex/pkg/protocol"
	"codex/pkg/rustlog"
)

// Options are everything a Server needs from outside: it reads no environment, no
// command line and no clock by itself.
type Options struct {
	Config    config.Options // of the command line
	Ephemeral bool
	Source    json.RawMessage // session source, such as "exec"
	// CyberProgram is the access program that OpenAI is asked for, "" for none.
	CyberProgram string
	Resume       string   // id or path of the thread to go on with
	ThreadID     string   // of a thread that is begun; "" makes one up
	OptOut       []string // notifications that the frontend does not want
	RecordDir    string   // --record: the model's and the executor's lines
	// TrustHooks runs hooks that nobody has agreed to.
	TrustHooks bool
	// SkillRoots are more folders with skills.
	SkillRoots []string
	// ClientAuth says that the frontend has the credential, and is asked for it.
	ClientAuth bool
	// PromptInput tells what the model would be sent, and asks none.
	PromptInput bool
	// NoTools offers the model nothing to call, and answers no call.
	NoTools bool
	// IgnoreRules leaves the rules files of user and project out.
	IgnoreRules bool

	Environ  []string
	Getenv   func(string) string
	Executor []string // argv of the local executor
	// RulesCompiler finds what prints rules files as lines: its argv before the files. It
	// is asked only when there are some.
	RulesCompiler func() []string
	// MCPPool finds what keeps the servers of the Model Context Protocol: its argv. It is
	// asked only when there are some.
	MCPPool func(cfg *config.Config) []string
	// MCPSocket is where such a program is that other threads use as well; "" for none.
	MCPSocket string
	// WithMCP are the only servers that are used, nil for all.
	WithMCP []string
	// Exporter finds what exports telemetry: its argv. It is asked only when that is wanted.
	Exporter func() []string
	// Memories is the program that makes memories, with the choices of settings of this process
	// and more arguments. It is asked only when they are made.
	Memories    func(ctx context.Context, args ...string) *exec.Cmd
	TempDir     string
	PathDir     string // first on commands' PATH
	Originator  string
	UserAgent   string
	Platform    [2]string // family, os
	SandboxName string    // what enforces the sandbox here, as the model's side calls it
	Timezone    string

	// Large, when set, is called before an event of megabytes is worked on, and what it
	// gives afterwards: the copies that it takes should not pile up.
	Large func() (after func())

	Stderr  io.Writer
	Log     *log.Logger
	Trace   *rustlog.Log // what RUST_LOG asks for, nil for nothing
	Signals <-chan os.Signal
	Now     func() time.Time
	Rand    func() float64
	Sleep   func(context.Context, time.Duration) error

	// Self is the file of this program, which calls watchdog.Init.
	Self string
	// Agent says whose agent the thread is, nil for nobody's.
	Agent *protocol.ThreadSpawnSource
	// AgentEngine is this program as it was started, with some more arguments: the engine of
	// an agent.
	AgentEngine func(args ...string) pipeline.Command
	// Client is the frontend.
	Client protocol.ClientInfo
	// Installation is the id of this CODEX_HOME.
	Installation func(home string) string
}

// hostname is the machine's name, "" when that is unknown.
func (o *Options) hostname() string {
	if o.Config.Env.Hostname == nil {
		return ""
	}
	return o.Config.Env.Hostname()
}

// home is CODEX_HOME.
func (o *Options) home() (string, error) { return config.Home(o.Config.Env) }

// adoptClient makes the frontend's name the originator, as the model's side sees it; the
// environment's override wins. It gives the user agent.
func (o *Options) adoptClient(c protocol.ClientInfo) string {
	o.Client = c
	if o.Getenv("CODEX_INTERNAL_ORIGINATOR_OVERRIDE") == "" {
		o.Originator = c.Name
	}
	o.UserAgent = version.UserAgent(o.Originator, o.Getenv, c.Name, c.Version)
	return o.UserAgent
}

// Status is how a Server ended.
type Status int

// Exit statuses of codex-turn (man page codex-turn(1)).
const (
	StatusOK           Status = 0
	StatusFailed       Status = 1
	StatusHangup       Status = 129
	StatusInterrupted  Status = 130
	StatusQuit         Status = 131
	StatusFrontendGone Status = 141
	StatusTerminated   Status = 143
)
