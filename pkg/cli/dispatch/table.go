package dispatch

import (
	"slices"
	"strings"
)

// Class groups the commands in help, as a reader looks for them.
type Class string

// The classes, in the order in which help shows them.
const (
	Work     Class = "start a turn"
	Pieces   Class = "pieces to build with"
	Servers  Class = "servers"
	Settings Class = "settings and accounts"
	House    Class = "about this program"
)

func classes() []Class { return []Class{Work, Pieces, Servers, Settings, House} }

// Command is one subcommand of codex. Help, completion, suggestions and the dispatch
// itself are made from the table of these.
type Command struct {
	Name    string // one word, or two ("app-server daemon")
	Aliases []string
	Class   Class
	Program string   // file that does it; "" when codex itself does
	Args    []string // put before the user's own
	takes   takes    // root options that are passed on to it
	Page    string   // man page, "codex-exec.1"; "" when there is none
	Planned bool     // no program for it is part of this version
	Hidden  bool     // not shown in help and completion
	Usage   string   // of codex's own commands
	Words   string   // what may follow it, where its program does not say so, as in options.Command
	Help    string   // one line, lower case, no full stop
	Instead string   // what to do instead of a command of later releases that is none here
}

// Commands gives the whole table.
func Commands() []Command {
	const tui, exec, daemon, sandbox = "codex-tui", "codex-exec", "codex-daemon", "codex-sandbox"
	return []Command{
		{Name: "exec", Aliases: []string{"e"}, Class: Work, Program: exec, takes: takesExec, Page: "codex-exec.1",
			Help: "run one turn without a terminal: prompt in, answer out"},
		{Name: "review", Class: Work, Program: exec, Args: []string{"review"}, takes: takesExec, Page: "codex-exec.1",
			Help: "review changes of the work tree"},
		{Name: "turn", Class: Work, Program: "codex-turn", takes: takesTurn, Page: "codex-turn.1",
			Help: "the engine: protocol lines or prompts in, protocol lines out"},
		{Name: "resume", Class: Work, Program: tui, Args: []string{"resume"}, takes: takesAll, Page: "codex-tui.1", Words: "SESSION",
			Help: "go on with a session in the terminal"},
		{Name: "fork", Class: Work, Program: tui, Args: []string{"fork"}, takes: takesAll, Page: "codex-tui.1", Words: "SESSION",
			Help: "branch off a session in the terminal"},
		{Name: "tui", Class: Work, Program: tui, takes: takesAll, Page: "codex-tui.1", Hidden: true,
			Help: "the terminal frontend, as without a subcommand"},
		{Name: "cloud", Class: Work, Program: "codex-cloud", takes: takesConfig, Planned: true,
			Help: "browse tasks that run elsewhere"},
		{Name: "apply", Aliases: []string{"a"}, Class: Work, Program: "codex-apply", takes: takesConfig, Page: "codex-apply.1",
			Help: "apply the diff of a task that ran elsewhere"},

		{Name: "sandbox", Class: Pieces, Program: sandbox, takes: takesConfig, Page: "codex-sandbox.1",
			Help: "run one command under a policy"},
		{Name: "exec-server", Class: Pieces, Program: sandbox, Args: []string{"serve"}, Page: "codex-sandbox.1",
			Help: "serve commands and files to an engine over a pipe"},
		{Name: "model", Class: Pieces, Program: "codex-model", Page: "codex-model.1",
			Help: "the model as a filter: call, replay, record, serve"},
		{Name: "aws", Class: Pieces, Program: "codex-aws", Page: "codex-aws.1",
			Help: "print credentials of AWS, for Amazon Bedrock"},
		{Name: "netproxy", Class: Pieces, Program: "codex-netproxy", Page: "codex-netproxy.1",
			Help: "let programs reach the hosts on a list, and no others"},
		{Name: "notify", Class: Pieces, Program: "codex-notify", takes: takesConfig, Page: "codex-notify.1",
			Help: "pass protocol lines on and tell when a turn ends"},
		{Name: "otel", Class: Pieces, Program: "codex-otel", Page: "codex-otel.1",
			Help: "export what happens in a session with OpenTelemetry"},
		{Name: "apply_patch", Class: Pieces, Program: "apply_patch", Page: "apply_patch.1",
			Help: "apply a patch in the model's format"},
		{Name: "sessions", Class: Pieces, Program: "codex-sessions", takes: takesConfig, Page: "codex-sessions.1", Words: "list show path name archive unarchive delete",
			Help: "list, show, name, archive and delete stored sessions"},
		{Name: "memories", Class: Pieces, Program: "codex-memories", takes: takesConfig, Page: "codex-memories.1",
			Help: "make the memories that later sessions read"},
		{Name: "archive", Class: Pieces, Program: "codex-sessions", Args: []string{"archive"}, takes: takesConfig, Page: "codex-sessions.1", Hidden: true,
			Help: "put a session away"},
		{Name: "unarchive", Class: Pieces, Program: "codex-sessions", Args: []string{"unarchive"}, takes: takesConfig, Page: "codex-sessions.1", Hidden: true,
			Help: "take a session back from the archive"},
		{Name: "delete", Class: Pieces, Program: "codex-sessions", Args: []string{"delete"}, takes: takesConfig, Page: "codex-sessions.1", Hidden: true,
			Help: "delete a session for good"},
		{Name: "execpolicy", Class: Pieces, Program: "codex-execpolicy", takes: takesConfig, Page: "codex-execpolicy.1",
			Help: "judge a command by rules files"},

		{Name: "app-server", Class: Servers, Program: "codex-app-server", takes: takesConfig, Page: "codex-app-server.1",
			Help: "many threads for many clients"},
		{Name: "app-server daemon", Class: Servers, Program: daemon, takes: takesConfig, Page: "codex-daemon.1", Hidden: true,
			Help: "keep an app-server running"},
		{Name: "daemon", Class: Servers, Program: daemon, takes: takesConfig, Page: "codex-daemon.1",
			Help: "keep an app-server running"},
		{Name: "remote-control", Class: Servers, Program: daemon, Args: []string{"remote-control"}, takes: takesConfig, Page: "codex-daemon.1", Words: "start stop",
			Help: "manage the daemon with remote control on"},
		{Name: "mcp-server", Class: Servers, Program: "codex-mcp", Args: []string{"server"}, takes: takesConfig, Page: "codex-mcp.1",
			Help: "be a server of the Model Context Protocol on stdio"},

		{Name: "login", Class: Settings, Program: "codex-login", takes: takesConfig, Page: "codex-login.1",
			Help: "store a credential, or say which one there is"},
		{Name: "logout", Class: Settings, Program: "codex-login", Args: []string{"logout"}, takes: takesConfig, Page: "codex-login.1",
			Help: "remove the stored credential"},
		{Name: "mcp", Class: Settings, Program: "codex-mcp", takes: takesConfig, Page: "codex-mcp.1",
			Help: "manage the servers that give tools to the engine"},
		{Name: "plugin", Class: Settings, Program: "codex-plugin", takes: takesConfig, Page: "codex-plugin.1", Words: "add list remove marketplace",
			Help: "manage plugins"},
		{Name: "config", Class: Settings, Program: "codex-config", takes: takesSettings, Page: "codex-config.1",
			Help: "show the settings that hold, and where they come from"},
		{Name: "features", Class: Settings, Program: "codex-config", Args: []string{"features"}, takes: takesSettings, Page: "codex-config.1", Words: "list enable disable",
			Help: "list and set feature flags"},
		{Name: "doctor", Class: Settings, Program: "codex-doctor", takes: takesSettings, Page: "codex-doctor.1",
			Help: "check installation, config and network"},
		// What older pages of the original call its sandboxes.
		{Name: "debug landlock", Class: Settings, Program: sandbox, Args: []string{"linux"}, takes: takesConfig, Page: "codex-sandbox.1", Hidden: true,
			Help: "as sandbox linux"},
		{Name: "debug seatbelt", Class: Settings, Program: sandbox, Args: []string{"macos"}, takes: takesConfig, Page: "codex-sandbox.1", Hidden: true,
			Help: "as sandbox macos"},
		{Name: "debug", Class: Settings, Program: "codex-debug", takes: takesSettings, Page: "codex-debug.1",
			Help: "look inside: model catalogue, prompt input"},

		{Name: "help", Class: House, Usage: "help [SECTION] [COMMAND | TOPIC]", Help: "show the manual page of a command or a topic"},
		{Name: "completion", Class: House, Usage: "completion [bash | zsh | fish | elvish | powershell]", Help: "print a completion script for a shell"},
		{Name: "update", Class: House, Program: "codex-update", takes: takesConfig, Page: "codex-update.1",
			Help: "tell how this copy was installed, and what updates it"},
	}
}

// instead lists the commands of later releases, and of the original's own makers, that are
// none here: each is refused with what serves in its place.
func instead() []Command {
	var out []Command
	for _, c := range [][2]string{
		{"queue", "no message waits here for a session that nobody runs: codex exec resume THREAD MESSAGE runs the next turn at once"},
		{"agents", "codex resume and codex sessions list show the sessions, /subagents in the terminal the agents of one"},
		{"migrate-rollouts", "session files of all releases are read and gone on with as they are"},
		{"migrate-nfs-db", "there are no databases: a session is a file"},
		{"remote-control pair", "codex remote-control start joins this machine to its relay, without a code"},
		{"remote-control --no-daemon", "codex app-server --listen off --remote-control serves in the foreground"},
		{"app-server daemon update", "codex update tells what updates this copy; codex daemon bootstrap keeps it up to date"},
		{"debug app-server", "write lines of the protocol to codex app-server"},
		{"sandbox uninstall", "there are no accounts or rules of the machine to remove"},
		{"exec-server forward", "any program that passes a pipe on serves: environments.toml, codex-executor(5)"},
	} {
		out = append(out, Command{Name: c[0], Hidden: true, Instead: c[1]})
	}
	return out
}

// lookup finds the command that the words begin with, the longest name first, and how
// many words it took.
func lookup(words []string) (Command, int, bool) {
	if len(words) == 0 {
		return Command{}, 0, false
	}
	table := append(Commands(), instead()...)
	for n := min(3, len(words)); n > 0; n-- {
		name := strings.Join(words[:n], " ")
		for _, c := range table {
			if c.Name == name {
				return c, n, true
			}
		}
	}
	for _, c := range table {
		if slices.Contains(c.Aliases, words[0]) {
			return c, 1, true
		}
	}
	return Command{}, 0, false
}

// byLink finds what a link to codex with this base name stands for: codex-NAME as the
// command NAME, and the names under which the original calls its helpers.
func byLink(base string) (Command, bool) {
	base = strings.TrimSuffix(base, ".exe")
	switch base {
	case "apply_patch", "applypatch":
		base = "codex-apply_patch"
	case "codex-linux-sandbox":
		base = "codex-sandbox"
	}
	name, ok := strings.CutPrefix(base, "codex-")
	if !ok {
		return Command{}, false
	}
	// Any other name, codex-nightly say, is a copy that somebody has renamed.
	c, _, ok := lookup([]string{name})
	return c, ok && c.Program != ""
}
