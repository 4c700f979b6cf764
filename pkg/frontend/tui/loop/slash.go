package loop

import (
	"slices"
	"strings"

	"codex/pkg/frontend/tui/composer"
	"codex/pkg/frontend/tui/overlay"
)

// command is one slash command.
type command struct {
	name, about string
	running     bool // may run while a turn does
	args        bool // takes words behind it
	hidden      bool // not in the popup
	do          func(l *Loop, args string)
}

// commands is the table of them, in the order of the popup.
func commands() []command {
	plain := func(f func(*Loop)) func(*Loop, string) { return func(l *Loop, _ string) { f(l) } }
	return []command{
		{name: "model", about: "the model, and how long it thinks", do: plain((*Loop).pickModel)},
		{name: "permissions", about: "what may be done unasked", do: plain((*Loop).pickPermissions)},
		{name: "approvals", about: "what may be done unasked", hidden: true, do: plain((*Loop).pickPermissions)},
		{name: "approve", about: "there is no reviewer by machine", running: true, hidden: true,
			do: notHere("There is no reviewer by machine that could have refused something: a person is asked. /permissions says what is not asked about.")},
		{name: "experimental", about: "features that are not finished", do: plain((*Loop).pickFeatures)},
		{name: "fast", about: "the model's faster tier, on or off", do: plain((*Loop).toggleFast)},
		{name: "keymap", about: "keys, and others for them", args: true, do: (*Loop).keymap},
		{name: "vim", about: "keys of vi in the composer", do: plain((*Loop).toggleVim)},
		{name: "memories", about: "where to write what each session shall know", hidden: true,
			do: (*Loop).memories},
		{name: "hooks", about: "hooks, and which of them may run", running: true, do: plain((*Loop).pickHooks)},
		{name: "plugins", about: "plugins of marketplaces, and which of them are used", running: true, do: plain((*Loop).pickPlugins)},
		{name: "apps", about: "there are no connectors", running: true, hidden: true,
			do: notHere("Connectors of ChatGPT are not part of this version. codex mcp add connects a server of tools instead, and /mcp lists those there are.")},
		{name: "ide", about: "there is no link to an editor", running: true, args: true, hidden: true,
			do: notHere("There is no link to an editor from here. @ names a file; an editor talks to codex app-server.")},
		{name: "goal", about: "goals are not set here", running: true, args: true, hidden: true,
			do: notHere("A goal is set by a client of the protocol (thread/goal/set), not here; one that this session has goes on until it is met, or esc ends its turn. Say in the message when the work is done, or use /plan first.")},
		{name: "agent", about: "agents of the thread", running: true, hidden: true, do: plain((*Loop).pickAgent)},
		{name: "subagents", about: "agents that work for this thread", running: true, do: plain((*Loop).pickAgent)},
		{name: "skills", about: "skills, and which of them are used", running: true, do: plain((*Loop).listSkills)},
		{name: "review", about: "have changes looked through for mistakes", args: true, do: (*Loop).review},
		{name: "rename", about: "give this session a name", running: true, args: true, do: (*Loop).rename},
		{name: "new", about: "begin another session", do: plain((*Loop).newThread)},
		{name: "resume", about: "go on with a stored session", args: true, do: (*Loop).resume},
		{name: "fork", about: "go on in a copy of this session", do: plain((*Loop).fork)},
		{name: "personality", about: "how the model talks", do: plain((*Loop).pickPersonality)},
		{name: "init", about: "have an AGENTS.md written for this project", do: plain((*Loop).initAgents)},
		{name: "compact", about: "replace the history by its summary", do: plain((*Loop).compact)},
		{name: "plan", about: "switch to plan mode", args: true, do: (*Loop).plan},
		{name: "side", about: "ask something aside, which is forgotten", args: true, do: (*Loop).sideConversation},
		{name: "copy", about: "the last answer to the clipboard, as markdown", running: true, do: plain((*Loop).copyAnswer)},
		{name: "raw", about: "text as it is, to be copied", running: true, args: true, do: (*Loop).rawOutput},
		{name: "diff", about: "what differs from the last commit, new files too", running: true, do: plain((*Loop).diff)},
		{name: "mention", about: "mention a file", running: true, do: plain((*Loop).mention)},
		{name: "status", about: "settings and tokens of this session", running: true, do: plain((*Loop).statusCard)},
		{name: "statusline", about: "choose what the status line shows", running: true, do: plain((*Loop).pickStatusLine)},
		{name: "title", about: "choose what the window's title shows", running: true, do: plain((*Loop).pickTitle)},
		{name: "theme", about: "colours of code", do: plain((*Loop).pickTheme)},
		{name: "mcp", about: "MCP servers and their tools", running: true, args: true, do: (*Loop).listMCP},
		{name: "debug-config", about: "show where settings come from", running: true, hidden: true, do: plain((*Loop).debugConfig)},
		{name: "feedback", about: "what a report should have with it", running: true, do: plain((*Loop).feedback)},
		{name: "logout", about: "log out of Codex", do: plain((*Loop).logout)},
		{name: "exit", about: "exit Codex", running: true, do: plain((*Loop).leave)},
		{name: "quit", about: "exit Codex", running: true, hidden: true, do: plain((*Loop).leave)},
		{name: "ps", about: "commands in the background", running: true, do: plain((*Loop).listTerminals)},
		{name: "stop", about: "end the commands in the background", running: true, do: plain((*Loop).stopTerminals)},
		{name: "clean", about: "end the commands in the background", running: true, hidden: true, do: plain((*Loop).stopTerminals)},
		{name: "clear", about: "an empty screen and another session", do: plain((*Loop).clear)},
	}
}

func commandNamed(name string) (command, bool) {
	for _, c := range commands() {
		if c.name == name {
			return c, true
		}
	}
	return command{}, false
}

// known says whether a text is to be taken as a command, or is one that says /a/path.
func (l *Loop) known(body string) bool {
	word, rest, _ := strings.Cut(strings.TrimPrefix(body, "/"), " ")
	if strings.Contains(word, "/") {
		return true // sent as a message by slash
	}
	c, ok := commandNamed(word)
	return ok && (c.args || strings.TrimSpace(rest) == "")
}

// slash does a command.
func (l *Loop) slash(body string) {
	word, rest, _ := strings.Cut(strings.TrimPrefix(body, "/"), " ")
	c, ok := commandNamed(word)
	switch {
	case !ok:
		l.sendText(body)
	case l.state.Turn.Running && !c.running:
		l.complain("'/%s' has to wait for the end of the turn.", c.name)
	case l.side != nil && !slices.Contains([]string{"copy", "raw", "diff", "mention", "status", "ps", "stop", "exit", "quit"}, c.name):
		l.complain("'/%s' has to wait: esc leaves this side conversation.", c.name)
	case l.team.agentShown() && !slices.Contains([]string{"agent", "subagents", "copy", "raw", "diff", "mention", "status", "ps", "stop", "clean", "exit", "quit", "vim", "theme", "keymap"}, c.name):
		l.complain("'/%s' is for the session's own thread: /agent goes back to it.", c.name)
	case !l.opened && c.name != "exit" && c.name != "quit":
		l.queue = append(l.queue, composer.DraftOf(body)) // what the thread is, is not known yet
	default:
		c.do(l, strings.TrimSpace(rest))
	}
}

// choices are the commands that match what was typed: those that begin with it, or
// else those that have its letters in this order.
func choices(typed string) []overlay.Choice {
	var first, second, third []overlay.Choice
	for _, c := range commands() {
		if c.hidden && c.name != typed {
			continue
		}
		ch := overlay.Choice{Name: "/" + c.name, Detail: c.about, Value: c.name}
		switch {
		case c.name == typed:
			first = append(first, ch)
		case strings.HasPrefix(c.name, typed):
			second = append(second, ch)
		case subsequence(typed, c.name):
			third = append(third, ch)
		}
	}
	if first = append(first, second...); len(first) > 0 {
		return first
	}
	return third
}

func subsequence(needle, s string) bool {
	for _, r := range needle {
		i := strings.IndexRune(s, r)
		if i < 0 {
			return false
		}
		s = s[i+1:]
	}
	return true
}
