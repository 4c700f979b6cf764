// Package argv is the command line of codex-turn: it reads the flags, gathers what
// the engine needs from the process (environment, streams, signals, paths) and serves.
//
// Command layer: it imports turn, config, install and cli.
package argv

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"

	"codex/pkg/cli"
	"codex/pkg/cli/exit"
	"codex/pkg/cli/install"
	"codex/pkg/cli/pipeline"
	"codex/pkg/cli/version"
	"codex/pkg/clock"
	"codex/pkg/config"
	"codex/pkg/engine/turn"
	"codex/pkg/homedir"
	"codex/pkg/installation"
	"codex/pkg/protocol"
	"codex/pkg/responses"
	"codex/pkg/rustlog"
	"codex/pkg/termtext"
	"codex/pkg/thread"
)

// Flags is the command line of codex-turn(1).
type Flags struct {
	cli.Overrides
	Profile       string   `short:"p" placeholder:"PROFILE" help:"profile of config.toml"`
	ProfileV2     string   `name:"profile-v2" placeholder:"PROFILE_V2" help:"read PROFILE_V2.config.toml on top of config.toml"`
	Model         string   `short:"m" help:"model to ask"`
	Sandbox       string   `short:"s" enum:",read-only,workspace-write,danger-full-access" default:"" placeholder:"MODE" help:"sandbox for commands: read-only, workspace-write, danger-full-access"`
	Approval      string   `short:"a" name:"ask-for-approval" enum:",untrusted,on-failure,on-request,never" default:"" placeholder:"POLICY" help:"when to ask: untrusted, on-failure, on-request, never"`
	Cd            string   `short:"C" name:"cd" placeholder:"DIR" help:"working folder of the thread"`
	AddDir        []string `name:"add-dir" sep:"none" placeholder:"DIR" help:"one more folder that commands may write to"`
	OSS           bool     `name:"oss" help:"use a local provider"`
	LocalProvider string   `name:"local-provider" placeholder:"NAME" help:"which local provider: lmstudio or ollama"`
	Search        bool     `help:"let the model search the web"`
	FullAuto      bool     `name:"full-auto" hidden:"" help:"the same as --sandbox workspace-write"`
	Bypass        bool     `name:"dangerously-bypass-approvals-and-sandbox" aliases:"yolo" help:"no sandbox, no questions"`
	BypassHooks   bool     `name:"dangerously-bypass-hook-trust" hidden:"" help:"run hooks without trust"`
	Ephemeral     bool     `help:"keep no session file"`
	IgnoreUser    bool     `name:"ignore-user-config" help:"leave CODEX_HOME/config.toml out"`
	IgnoreRules   bool     `name:"ignore-rules" help:"leave rules files out"`
	SkillRoot     []string `name:"skill-root" sep:"none" placeholder:"DIR" help:"one more folder with skills"`
	Strict        bool     `name:"strict-config" help:"an unknown key of config.toml is an error"`
	Source        string   `default:"cli" placeholder:"NAME" help:"what started the thread, for its session file"`
	Cyber         string   `name:"cyber-access-program" enum:",standard,daybreak_blue,daybreak_red" default:"" hidden:"" help:"ask OpenAI for a cyber access program"`
	Resume        string   `placeholder:"ID|PATH" help:"go on with this thread"`
	ThreadID      string   `name:"thread-id" placeholder:"UUID" help:"id of the thread that is begun (version 7)"`
	OptOut        []string `name:"opt-out" sep:"none" placeholder:"METHOD" help:"a notification that is not wanted"`
	ClientAuth    bool     `name:"client-auth" help:"the frontend has the credential: ask it"`
	MCPPool       string   `name:"mcp-pool" placeholder:"SOCKET" help:"where a codex-mcp pool listens that other threads use as well"`
	WithMCP       *string  `name:"with-mcp" placeholder:"NAMES" help:"use these MCP servers only, separated by commas; with an empty list none"`
	NoTools       bool     `name:"no-tools" help:"the model may call nothing"`
	Agent         string   `placeholder:"JSON" hidden:"" help:"whose agent the thread is"`
	PromptInput   bool     `name:"prompt-input" help:"tell what the model would be sent, and ask none"`
	ConfigFD      int      `name:"config-fd" hidden:"" placeholder:"FD" help:"settings files that the frontend has decoded"`
	Record        string   `placeholder:"DIR" help:"keep the model's and the executor's lines here"`
}

// Main runs codex-turn and gives its exit status.
func Main(args []string) int {
	var f Flags
	if _, err := cli.Parse(cli.Program{Name: "codex-turn", Summary: "The engine: one thread behind lines of the app-server protocol."}, &f, args); err != nil {
		return cli.Exit("codex-turn", err)
	}
	if f.ProfileV2 != "" && !config.PlainName(f.ProfileV2) {
		return cli.Exit("codex-turn", exit.Usagef("invalid --profile-v2 value `%s`; pass a plain name such as `work`", f.ProfileV2))
	}
	o, err := f.options()
	if err != nil {
		return cli.Exit("codex-turn", err)
	}
	signals := make(chan os.Signal, 4)
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(sig) { // nohup, or a shell's background job
			signal.Notify(signals, sig)
		}
	}
	// A write that fails ends the engine in order; ignoring the signal instead would be
	// passed on to the model's command.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	o.Signals = signals
	o.Large = func() func() {
		usual := debug.SetGCPercent(10)
		return func() { debug.SetGCPercent(usual) }
	}
	status := turn.Serve(context.Background(), o, os.Stdin, stdout())
	if status != turn.StatusOK {
		return exit.Report(io.Discard, "codex-turn", exit.Silent(int(status)))
	}
	return exit.OK
}

func (f *Flags) options() (*turn.Options, error) {
	cwd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	cwd = thread.RealDir(cwd) // $PWD may name it by a link
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	now, err := clock.New(os.Getenv(clock.Variable))
	if err != nil {
		return nil, err
	}
	env := config.Env{Get: os.Getenv, Home: cmp.Or(homedir.Of(os.Getenv, os.Getuid()), "/"), Cwd: cwd, UID: os.Getuid(), Hostname: hostname}
	o := &turn.Options{
		Ephemeral: f.Ephemeral, CyberProgram: f.Cyber, Resume: f.Resume, ThreadID: f.ThreadID, OptOut: f.OptOut, RecordDir: f.Record, PromptInput: f.PromptInput, NoTools: f.NoTools, IgnoreRules: f.IgnoreRules,
		SkillRoots: f.SkillRoot, TrustHooks: f.BypassHooks, TempDir: os.TempDir(),
		ClientAuth: f.ClientAuth, MCPSocket: f.MCPPool,
		Self: self, PathDir: install.PathDir(self), Environ: env.Anywhere(clock.Without(os.Environ())), Getenv: os.Getenv,
		Originator: originator(f.Source), Platform: version.Platform(), SandboxName: sandboxName(), Timezone: timezone(os.Getenv("TZ")),
		Stderr: os.Stderr, Log: log.New(termtext.Stream(os.Stderr), "codex-turn: ", 0),
		Now: now, Rand: rand.Float64, Sleep: responses.Sleep,
	}
	if o.Trace, err = rustlog.New(os.Getenv, "codex_core", os.Stderr, now); err != nil {
		o.Log.Print(err)
	}
	if o.Config, err = f.config(env, self); err != nil {
		return nil, err
	}
	if err := f.source(o); err != nil {
		return nil, err
	}
	o.UserAgent = version.UserAgent(o.Originator, os.Getenv, "codex-turn", version.Compat)
	programs(o, env)
	if f.WithMCP != nil {
		o.WithMCP = strings.FieldsFunc(*f.WithMCP, func(r rune) bool { return r == ',' || r == ' ' })
		if o.WithMCP == nil {
			o.WithMCP = []string{}
		}
	}
	var once sync.Once
	var id string
	o.Installation = func(home string) string {
		once.Do(func() {
			if id, err = installation.ID(home); err != nil {
				o.Log.Print(err)
			}
		})
		return id
	}
	return o, nil
}

// config are the options with which the settings are read.
func (f *Flags) config(env config.Env, self string) (o config.Options, err error) {
	o = config.Options{
		Env: env,
		Cwd: f.Cd, Overrides: f.Config, Enable: f.Enable, Disable: f.Disable, Profile: f.Profile, ProfileV2: f.ProfileV2,
		IgnoreUserConfig: f.IgnoreUser, Strict: f.Strict, Model: f.Model, Sandbox: f.Sandbox, Approval: f.Approval,
		OSS: f.OSS, LocalProvider: f.LocalProvider, AddDirs: f.AddDir, FullAuto: f.FullAuto, Bypass: f.Bypass,
		Program: install.Own(self),
	}
	if f.Search {
		o.WebSearch = "live"
	}
	o.Documents, err = f.documents()
	return o, err
}

// source says what started the thread, and whose agent it is.
func (f *Flags) source(o *turn.Options) (err error) {
	var source any = f.Source
	if f.Agent != "" {
		o.Agent = new(protocol.ThreadSpawnSource)
		if err := json.Unmarshal([]byte(f.Agent), o.Agent); err != nil {
			return exit.Usagef("invalid value for --agent: %v", err)
		}
		source = map[string]any{"subagent": protocol.SubAgentSource{ThreadSpawn: o.Agent}}
	}
	o.Source, err = json.Marshal(source)
	return err
}

// programs says how the others of the suite are started.
func programs(o *turn.Options, env config.Env) {
	program := func(name string) string {
		p, err := install.Find(o.Self, name, os.Getenv("PATH"))
		if err != nil {
			p = "codex-" + name // says why when it is needed
		}
		return p
	}
	o.Executor = []string{program("sandbox"), "serve"}
	o.RulesCompiler = func() []string { return []string{program("execpolicy"), "compile"} }
	o.MCPPool = func(cfg *config.Config) []string {
		return []string{program("mcp"), "pool", "--log", filepath.Join(cfg.LogDir, "mcp.log")}
	}
	o.Exporter = func() []string { return []string{program("otel")} }
	chosen := o.Config.ProfileArgs()
	o.Memories = func(ctx context.Context, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, program("memories"), slices.Concat(chosen, args)...)
		cmd.Env = env.Anywhere(os.Environ()) // our clock with it
		return cmd
	}
	o.AgentEngine = func(args ...string) pipeline.Command {
		return pipeline.Command{Name: "codex-turn", Path: o.Self, Args: append(forAgents(os.Args[1:]), args...)}
	}
}

// documents reads what the frontend has decoded; nothing that is started later gets the
// descriptor.
func (f *Flags) documents() (*config.Documents, error) {
	if f.ConfigFD < 3 {
		return nil, nil
	}
	file := os.NewFile(uintptr(f.ConfigFD), "documents")
	if file == nil {
		return nil, exit.Usagef("--config-fd=%d is no descriptor", f.ConfigFD)
	}
	defer file.Close()
	return config.ReadDocuments(file)
}

// forAgents leaves out of a command line what names this one thread.
func forAgents(args []string) (kept []string) {
	for i := 0; i < len(args); i++ {
		switch name, _, with := strings.Cut(args[i], "="); name {
		case "--agent", "--resume", "--thread-id", "--record", "--config-fd":
			if !with {
				i++
			}
		default:
			kept = append(kept, args[i])
		}
	}
	return kept
}

func originator(source string) string {
	if v := os.Getenv("CODEX_INTERNAL_ORIGINATOR_OVERRIDE"); v != "" {
		return v
	}
	if source == "exec" {
		return "codex_exec"
	}
	return "codex_cli_rs"
}

func hostname() string {
	name, _ := os.Hostname() // "" where nobody knows
	return name
}
