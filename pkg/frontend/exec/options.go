package exec

import (
	"errors"
	"slices"

	"codex/pkg/cli/options"
)

// table gives every option.
func (a *Args) table() []options.Row {
	opt, text, flag := options.New, options.Text, options.Flag
	// The original takes all words up to the next option as images, but not in resume.
	image := a.Image(func() bool { return a.Verb != verbResume })
	return slices.Concat([]options.Row{image}, a.Settings.Options(), []options.Row{
		opt("-a --ask-for-approval", "APPROVAL_POLICY", "has no effect: nobody can be asked", text(&a.Approval)).Hide(),
		opt("--skip-git-repo-check", "", "run outside a git repository too", flag(&a.SkipGitCheck)),
		opt("--ephemeral", "", "keep no session file", flag(&a.Ephemeral)).Passed(),
		opt("--ignore-user-config", "", "do not read CODEX_HOME/config.toml", flag(&a.NoUserConfig)).Passed(),
		opt("--ignore-rules", "", "do not read rules files", flag(&a.NoRules)).Passed(),
		opt("--with-mcp", "NAMES", "use these MCP servers only", text(&a.WithMCP)).Passed().Lenient(),
		opt("--approve-for-me", "", "-s workspace-write; nobody approves more, here not even a reviewer", flag(&a.ApproveForMe)),
		opt("--worktree", "", "work in a new git worktree below CODEX_HOME/worktrees", flag(&a.Worktree)),
		opt("--trust", "", "trust the folder, now and later", flag(&a.TrustFolder)),
		opt("--thread-source", "SOURCE", "who a new session is for", text(&a.ThreadSource)),
		opt("--cyber-access-program", "PROGRAM", "ask OpenAI for a cyber access program", text(&a.CyberProgram)).
			Pick("standard", "daybreak_blue", "daybreak_red"),
		opt("--remote", "ADDR", "refused: see --turn", elsewhere).Hide(),
		opt("--remote-auth-token-env", "ENV_VAR", "refused: see --turn", elsewhere).Hide(),
		opt("--output-schema", "FILE", "JSON Schema that the answer must have the shape of", text(&a.SchemaFile)),
		opt("--color", "COLOR", "colours on stderr", text(&a.Color)).Pick("always", "never", "auto"),
		opt("--json --experimental-json", "", "print events as lines of JSON on stdout", flag(&a.JSON)),
		opt("-o --output-last-message", "FILE", "write the last message to FILE too", text(&a.LastMessageFile)),
		opt("--timeout", "TIME", "end the turn after TIME with status 124", func(v string) (err error) {
			a.Timeout, err = duration(v)
			return err
		}),
		opt("--fail-on-tool-error", "", "status 3 when a command, patch or tool call failed", flag(&a.FailOnTool)),
		opt("--stream", "", "show messages while they come", flag(&a.Stream)),
		opt("--record", "DIR", "keep what is needed to replay the turn in DIR", text(&a.Record)).Passed(),
		a.Engine(),
		opt("--schema", "", "print the JSON Schema of the events of --json", flag(&a.Schema)),
		opt("--last", "", "the session that was used last", flag(&a.Last)).Of(verbResume),
		opt("--all", "", "sessions of other folders too", flag(&a.All)).Of(verbResume),
		opt("--uncommitted", "", "changes that are not committed", flag(&a.Uncommitted)).Of(verbReview),
		opt("--base", "BRANCH", "changes against a branch", text(&a.Base)).Of(verbReview),
		opt("--commit", "SHA", "changes of a commit", text(&a.Commit)).Of(verbReview),
		opt("--title", "TITLE", "title of the commit", text(&a.Title)).Of(verbReview),
		opt("-h --help", "", "print help", flag(&a.Help)),
		opt("-V --version", "", "print the version", flag(&a.Version)),
		opt(options.ListFlag, "", "print the options as lines", flag(&a.List)).Hide(),
		opt("--list-words", "WHAT", "print what completion offers", text(&a.ListWords)).
			Pick(wordsSessions, wordsProfiles, wordsProfilesV2).Hide(),
	})
}

// elsewhere refuses an app-server.
func elsewhere(string) error {
	return errors.New("exec runs an engine of its own; --turn 'ssh HOST codex-turn' runs it elsewhere, and codex --remote is for a terminal")
}

// Options lists the command line for help, completion and the check of the man page.
func Options() options.Set {
	return options.Set{Commands: []options.Command{
		{Path: verbResume, Argument: "SESSION", Help: "go on with a stored session"},
		{Path: verbFork, Argument: "SESSION", Help: "go on with a copy of a stored session"},
		{Path: verbReview, Help: "review changes of the work tree"},
		{Path: verbHelp, Argument: verbResume + " " + verbFork + " " + verbReview, Help: "print help"},
	}, Options: options.Listed(new(Args).table())}
}
