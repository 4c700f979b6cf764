package loop

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"

	"codex/pkg/cli/version"
	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// statusItem is one item that the status line can show.
type statusItem struct {
	name, about string
	show        func(*Loop) string // "" when there is nothing to say
}

// statusItems are the items by their names in config.toml.
func statusItems() []statusItem {
	return []statusItem{
		{"model", "the model", func(l *Loop) string { return l.state.Thread.Model }},
		{"model-with-reasoning", "the model and how much it thinks", (*Loop).modelWithReasoning},
		{"current-dir", "the working folder", func(l *Loop) string { return l.path(cmp.Or(l.state.Thread.Cwd, l.Cwd)) }},
		{"project-name", "the name of the project", (*Loop).project},
		{"git-branch", "the branch", (*Loop).branch},
		{itemChanges, "lines that the branch adds and takes away", func(l *Loop) string { return l.branches.Changes }},
		{itemPull, "the open pull request of the branch, as gh knows it", (*Loop).pull},
		{"run-state", "whether a turn runs", (*Loop).runState},
		{"permissions", "what commands may do", func(l *Loop) string { return l.permissionsWord() }},
		{"approval-mode", "when a person is asked", func(l *Loop) string { return l.state.Thread.Approval }},
		{"context-remaining", "what is left of the context window", func(l *Loop) string { return l.context("Context %d%% left", false) }},
		{"context-used", "what is used of the context window", func(l *Loop) string { return l.context("Context %d%% used", true) }},
		{"context-window-size", "the size of the context window", (*Loop).window},
		{"used-tokens", "tokens of this thread", func(l *Loop) string { return l.tokens(l.state.Usage.Total.TotalTokens, "used") }},
		{"total-input-tokens", "tokens sent", func(l *Loop) string { return l.tokens(l.state.Usage.Total.InputTokens, "in") }},
		{"total-output-tokens", "tokens received", func(l *Loop) string { return l.tokens(l.state.Usage.Total.OutputTokens, "out") }},
		{"five-hour-limit", "what is left of the short limit", func(l *Loop) string { return l.limit(false) }},
		{"weekly-limit", "what is left of the long limit", func(l *Loop) string { return l.limit(true) }},
		{"codex-version", "the version", func(*Loop) string { return version.Compat }},
		{"thread-id", "the id of the thread", func(l *Loop) string { return l.state.Thread.ID }},
		{"thread-title", "the name of the thread, or its id", func(l *Loop) string { return cmp.Or(l.state.Thread.Name, l.state.Thread.ID) }},
		{"reasoning", "how much the model thinks", func(l *Loop) string { return cmp.Or(l.state.Thread.Effort, "default") }},
		{"fast-mode", "whether the faster tier is used", func(l *Loop) string { return "Fast " + onOff(l.state.Thread.Tier == fastTier) }},
		{"raw-output", "that text is printed as it is", func(l *Loop) string { return map[bool]string{true: "raw output"}[l.raw] }},
		{"task-progress", "the steps of the plan that are done", (*Loop).taskProgress},
	}
}

// itemNamed finds an item by its name, or by another one that it has had.
func itemNamed(items []statusItem, name string) (statusItem, bool) {
	aliases := map[string]string{"model-name": "model", "project": "project-name", "project-root": "project-name", "status": "run-state",
		"approval": "approval-mode", "context-usage": "context-used", "session-id": "thread-id", "thread": "thread-title", "spinner": "activity"}
	for _, it := range items {
		if it.name == name || it.name == aliases[name] {
			return it, true
		}
	}
	return statusItem{}, false
}

// itemsOf are the items that a setting of [tui] names.
func (l *Loop) itemsOf(key string, otherwise ...string) []string {
	if chosen, ok := l.chosen[key]; ok {
		return chosen
	}
	list, ok := l.Config.Get("tui", key).([]any)
	if !ok {
		return otherwise
	}
	names := []string{}
	for _, v := range list {
		if s, ok := v.(string); ok {
			names = append(names, s)
		}
	}
	return names
}

func (l *Loop) statusNames() []string {
	return l.itemsOf("status_line", "model-with-reasoning", "current-dir")
}

// tellBadItems says which items of the status line and of the title there are not.
func (l *Loop) tellBadItems() {
	for _, k := range []struct {
		key   string
		names []string
		items []statusItem
	}{{"status_line", l.statusNames(), statusItems()}, {"terminal_title", l.titleNames(), titleItems()}} {
		var bad []string
		for _, n := range k.names {
			if _, ok := itemNamed(k.items, n); !ok {
				bad = append(bad, n)
			}
		}
		if len(bad) > 0 {
			l.state.Notice(cells.Warning, fmt.Sprintf("%s: tui.%s: there is no item %s", l.path(l.Config.Where("tui", k.key)), k.key, strings.Join(bad, ", ")), "")
		}
	}
}

func (l *Loop) taskProgress() string {
	if l.state.Tasks == 0 {
		return ""
	}
	return fmt.Sprintf("Tasks %d/%d", l.state.Done, l.state.Tasks)
}

// statusLine is the line below the composer.
func (l *Loop) statusLine() string {
	items := statusItems()
	var parts []string
	for _, name := range l.statusNames() {
		if it, ok := itemNamed(items, name); ok {
			if s := it.show(l); s != "" {
				parts = append(parts, text.CleanLine(s))
			}
		}
	}
	return strings.Join(parts, " · ")
}

func (l *Loop) modelWithReasoning() string {
	m := cmp.Or(l.state.Thread.Model, l.Config.Model)
	if m == "" {
		return ""
	}
	effort := l.state.Thread.Effort
	if !l.opened { // it is not known yet
		effort = l.Config.ReasoningEffort
	}
	return m + " " + cmp.Or(effort, "default")
}

// project names what is worked on: the folder of the repository. Of an app-server's thread
// nothing is known but its folder.
func (l *Loop) project() string {
	if l.shared() {
		return filepath.Base(l.state.Thread.Cwd)
	}
	return filepath.Base(cmp.Or(l.Config.GitRoot, l.Cwd))
}

func (l *Loop) branch() string { return l.state.Thread.Branch }

func (l *Loop) runState() string {
	if !l.opened {
		return "Starting"
	}
	return l.doing("Waiting", "Working", "Ready")
}

func (l *Loop) context(format string, used bool) string {
	n, ok := cells.ContextLeft(&l.state.Usage)
	if !ok {
		return ""
	}
	if used {
		n = 100 - n
	}
	return fmt.Sprintf(format, n)
}

func (l *Loop) window() string {
	if w := l.state.Usage.ModelContextWindow; w != nil {
		return cells.Tokens(*w) + " window"
	}
	return ""
}

func (l *Loop) tokens(n int64, what string) string {
	if n == 0 {
		return ""
	}
	return cells.Tokens(n) + " " + what
}

func (l *Loop) limit(long bool) string {
	if l.state.Limits == nil {
		return ""
	}
	w, name := l.state.Limits.Primary, "5h"
	if long {
		w, name = l.state.Limits.Secondary, "weekly"
	}
	if w == nil {
		return ""
	}
	return fmt.Sprintf("%s %d%% left", name, 100-w.UsedPercent)
}

// permissionsWord says in a word what commands may do.
func (l *Loop) permissionsWord() string {
	switch l.state.Thread.Sandbox.Type {
	case protocol.SandboxPolicyDangerFullAccess:
		return "Full Access"
	case protocol.SandboxPolicyReadOnly:
		return "Read Only"
	case protocol.SandboxPolicyWorkspaceWrite:
		return "Workspace"
	}
	return l.state.Thread.Sandbox.Type
}
