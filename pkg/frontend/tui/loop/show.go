package loop

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/cli/version"
	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
	"codex/pkg/shellwords"
)

// statusCard shows how the thread is set up and what it has used.
func (l *Loop) statusCard() {
	th := &l.state.Thread
	model := th.Model + " (reasoning " + cmp.Or(th.Effort, "default")
	if th.Summary != "" {
		model += ", summaries " + th.Summary
	}
	mode := "Default"
	if th.Mode == protocol.ModeKindPlan {
		mode = "Plan"
	}
	sources := "<none>"
	if len(th.Sources) > 0 {
		var names []string
		for _, s := range th.Sources {
			names = append(names, l.path(s))
		}
		sources = strings.Join(names, ", ")
	}
	provider := th.Provider
	if u := l.Config.Provider.BaseURL; u != "" && l.Config.ProviderID == th.Provider {
		provider += " - " + u
	}
	card := &cells.Status{Version: version.Compat, Usage: &l.state.Usage, Rows: []cells.StatusRow{
		{Label: "Model", Value: model + ")"}, {Label: "Model provider", Value: provider}, {Label: "Directory", Value: l.path(th.Cwd)},
		{Label: "Permissions", Value: fmt.Sprintf("%s (%s)", l.permissionsWord(), th.Approval)}, {Label: "Agents.md", Value: sources},
		{Label: "Thread name", Value: th.Name}, {Label: "Collaboration mode", Value: mode}, {Label: "Session", Value: th.ID},
		{Label: "Forked from", Value: th.ForkedFrom},
	}}
	if lim := l.state.Limits; lim != nil {
		for i, w := range []*protocol.RateLimitWindow{lim.Primary, lim.Secondary} {
			if w != nil {
				card.Limits = append(card.Limits, cells.Limit{Label: []string{"5h limit", "Weekly limit"}[i], Used: float64(w.UsedPercent), Resets: resets(w)})
			}
		}
	}
	l.show(&cells.Notice{Text: "/status"})
	l.show(card)
}

func resets(w *protocol.RateLimitWindow) string {
	if w.ResetsAt == nil {
		return ""
	}
	return time.Unix(*w.ResetsAt, 0).Format("Jan 2 15:04")
}

// listTerminals lists the commands that run in the background.
func (l *Loop) listTerminals() {
	l.request(protocol.MethodThreadBackgroundTerminalsList, protocol.ThreadBackgroundTerminalsListParams{ThreadID: l.state.Thread.ID}, func(r gjson.Result) {
		list := &cells.Listing{Command: "/ps", Title: "Background terminals"}
		for _, t := range r.Get("data").Array() {
			list.Items = append(list.Items, shellwords.Script(t.Get("command").Str))
		}
		if len(list.Items) == 0 {
			list.Hints = []string{"No command runs in the background."}
		}
		l.show(list)
	})
}

func (l *Loop) stopTerminals() {
	id, said := l.state.Thread.ID, "Commands in the background are being ended."
	l.call(protocol.MethodThreadBackgroundTerminalsList, protocol.ThreadBackgroundTerminalsListParams{ThreadID: id}, func(r gjson.Result, err error) {
		if err == nil && len(r.Get("data").Array()) == 0 {
			said = "There is nothing to end: no command runs in the background."
		}
	})
	l.request(protocol.MethodThreadBackgroundTerminalsClean, protocol.ThreadBackgroundTerminalsCleanParams{ThreadID: id}, func(_ gjson.Result) {
		l.say("%s", said)
	})
}

// debugConfig shows the files that settings come from.
func (l *Loop) debugConfig() {
	list := &cells.Listing{Command: "/debug-config", Title: "Config layers, lowest first"}
	for _, layer := range l.Config.Layers {
		s := layer.Name
		if layer.Path != "" {
			s += ": " + l.path(layer.Path)
		}
		switch {
		case layer.Disabled != "":
			s += " (not used: " + layer.Disabled + ")"
		case !layer.Found && layer.Path != "":
			s += " (not there)"
		}
		list.Items = append(list.Items, s)
	}
	l.show(list)
}

// mention begins to name a file.
func (l *Loop) mention() {
	l.composer.Insert("@")
	l.refreshPopup()
}

// diff shows what has changed in the work tree.
func (l *Loop) diff() {
	dir := l.state.Thread.Cwd
	l.say("Computing the diff…")
	if l.shared() {
		l.diffShared()
		return
	}
	l.beside(func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		out, err := l.Diff(ctx, dir)
		return func() { l.showDiff(out, err) }
	})
}

// showDiff shows changes on the whole screen.
func (l *Loop) showDiff(out string, err error) {
	switch {
	case err != nil:
		l.complain("/diff: %v", err)
	case strings.TrimSpace(out) == "":
		l.say("No changes detected.")
	default:
		l.openPage(overlay.NewPager("D I F F", func(width int, t *text.Theme) []text.Line {
			return text.Wrap(t.Output(out, text.Style{}), width)
		}).Home())
	}
}

// pasteImage attaches the image that is in the clipboard.
func (l *Loop) pasteImage() {
	l.beside(func(ctx context.Context) func() {
		path, err := clipboardImage(ctx)
		return func() {
			if err != nil {
				l.complain("Paste an image: %v", err)
				return
			}
			l.composer.Attach(path)
			l.draw()
		}
	})
}

// clipboardImage writes the image of the clipboard into a file, with a program of the
// desktop.
func clipboardImage(ctx context.Context) (string, error) {
	for _, p := range [][]string{{"pngpaste", "-"}, {"wl-paste", "-t", "image/png"}, {"xclip", "-selection", "clipboard", "-t", "image/png", "-o"}} {
		path, err := exec.LookPath(p[0])
		if err != nil {
			continue
		}
		out, err := exec.CommandContext(ctx, path, p[1:]...).Output()
		if err != nil || len(out) == 0 {
			continue
		}
		f, err := os.CreateTemp("", "codex-clipboard-*.png")
		if err != nil {
			return "", err
		}
		if _, err := f.Write(out); err != nil {
			f.Close()
			return "", err
		}
		return f.Name(), f.Close()
	}
	return "", fmt.Errorf("no image in the clipboard, or no program to read it (pngpaste, wl-paste, xclip)")
}
