package loop

import (
	"strings"

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
		{name: "model", about: "choose what model and reasoning effort to use", do: plain((*Loop).pickModel)},
		{name: "permissions", about: "choose what Codex is allowed to do", do: plain((*Loop).pickPermissions)},
		{name: "approvals", about: "choose what Codex is allowed to do", hidden: true, do: plain((*Loop).pickPermissions)},
		{name: "vim", about: "toggle vim mode for the composer", do: plain((*Loop).toggleVim)},
		{name: "review", about: "review my current changes and find issues", args: true, do: (*Loop).review},
		{name: "rename", about: "rename the current thread", running: true, args: true, do: (*Loop).rename},
		{name: "new", about: "start a new chat during a conversation", do: plain((*Loop).newThread)},
		{name: "resume", about: "resume a saved chat", args: true, do: (*Loop).resume},
		{name: "fork", about: "fork the current chat", do: plain((*Loop).fork)},
		{name: "init", about: "create an AGENTS.md file with instructions for Codex", do: plain((*Loop).initAgents)},
		{name: "compact", about: "summarize conversation to prevent hitting the context limit", do: plain((*Loop).compact)},
		{name: "plan", about: "switch to plan mode", args: true, do: (*Loop).plan},
		{name: "copy", about: "copy the last answer as markdown", running: true, do: plain((*Loop).copyAnswer)},
		{name: "diff", about: "show git diff (including untracked files)", running: true, do: plain((*Loop).diff)},
		{name: "mention", about: "mention a file", running: true, do: plain((*Loop).mention)},
		{name: "status", about: "show current session configuration and token usage", running: true, do: plain((*Loop).statusCard)},
		{name: "statusline", about: "choose what the status line shows", running: true, do: plain((*Loop).pickStatusLine)},
		{name: "theme", about: "choose a syntax highlighting theme", do: plain((*Loop).pickTheme)},
		{name: "mcp", about: "list configured MCP servers and tools", running: true, args: true, do: (*Loop).listMCP},
		{name: "debug-config", about: "show where settings come from", running: true, hidden: true, do: plain((*Loop).debugConfig)},
		{name: "logout", about: "log out of Codex", do: plain((*Loop).logout)},
		{name: "exit", about: "exit Codex", running: true, do: plain((*Loop).leave)},
		{name: "quit", about: "exit Codex", running: true, hidden: true, do: plain((*Loop).leave)},
		{name: "ps", about: "list background terminals", running: true, do: plain((*Loop).listTerminals)},
		{name: "stop", about: "stop all background terminals", running: true, do: plain((*Loop).stopTerminals)},
		{name: "clean", about: "stop all background terminals", running: true, hidden: true, do: plain((*Loop).stopTerminals)},
		{name: "clear", about: "clear the terminal and start a new chat", do: plain((*Loop).clear)},
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
		l.complain("'/%s' is disabled while a task is in progress.", c.name)
	case !l.opened && c.name != "exit" && c.name != "quit":
		l.complain("'/%s' has to wait until the engine has started.", c.name)
	default:
		c.do(l, strings.TrimSpace(rest))
	}
}

// choices are the commands that match what was typed: those that begin with it first,
// then those that have its letters in this order.
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
	return append(append(first, second...), third...)
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
