package cells

import (
	"fmt"
	"strings"

	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
	"codex/pkg/shellwords"
)

// How many rows of output a command shows in the chat: one of the model, one of the user.
const (
	outputRows = 5
	shellRows  = 50
	titleRows  = 2 // of a command's own lines below its first
)

// command draws a command: that it runs or ran, and both ends of its output.
func command(e Entry, width int, t *text.Theme) []text.Line {
	item, ok := e.Item.(*protocol.CommandExecutionItem)
	if !ok {
		return nil
	}
	if e.Full {
		return fullCommand(e, item, width, t)
	}
	running := item.Status == protocol.CommandExecutionStatusInProgress
	if !running && Exploring(item) {
		return explored(Entry{Item: &Explored{Commands: []*protocol.CommandExecutionItem{item}}}, width, t)
	}
	out := commandTitle(item, running, e.Beat, width, t)
	return append(out, commandOutput(e, item, running, width, t)...)
}

func commandTitle(item *protocol.CommandExecutionItem, running bool, beat, width int, t *text.Theme) []text.Line {
	verb, user := "Ran ", item.Source == protocol.CommandExecutionSourceUserShell
	switch {
	case item.Source == protocol.CommandExecutionSourceUnifiedExecInteraction && running:
		verb = "Interacting with background terminal · "
	case item.Source == protocol.CommandExecutionSourceUnifiedExecInteraction:
		verb = "Interacted with background terminal · "
	case running:
		verb = "Running "
	case item.Status == protocol.CommandExecutionStatusDeclined:
		verb = "Did not run "
	case user:
		verb = "You ran "
	}
	script := shellwords.Script(item.Command)
	if i := lineEnd(script, titleRows+2); i < len(script)-1 { // what follows is counted alone
		script = script[:i]
	}
	code := t.Highlight("bash", script)
	lines := text.Wrap([]text.Line{append(text.Of(verb, t.Bold), code[0]...)}, max(1, width-2))
	lines = append(lines, text.Wrap(code[1:], max(1, width-4))...)
	if extra := strings.Count(shellwords.Script(item.Command), "\n") - strings.Count(script, "\n"); len(lines) > titleRows+1 || extra > 0 {
		kept := min(len(lines), titleRows+1)
		lines = append(lines[:kept:kept], more(len(lines)-kept+extra, "", t))
	}
	mark := bullet(running, item.Status != protocol.CommandExecutionStatusCompleted || failed(item), beat, t)
	return text.Hanging(lines, width, text.Of("• ", mark), text.Of("  │ ", t.Dim))
}

// failed says whether the command ended with a status other than 0.
func failed(item *protocol.CommandExecutionItem) bool {
	return item.ExitCode != nil && *item.ExitCode != 0
}

func commandOutput(e Entry, item *protocol.CommandExecutionItem, running bool, width int, t *text.Theme) []text.Line {
	x := outputOf(e, item)
	if strings.TrimSpace(x.head) == "" && x.lost == 0 {
		if running || item.Status == protocol.CommandExecutionStatusDeclined {
			return nil
		}
		return below([]text.Line{text.Of("(no output)", t.Dim)}, width, t)
	}
	most := outputRows
	if item.Source == protocol.CommandExecutionSourceUserShell {
		most = shellRows
	}
	return below(x.rows(max(1, width-4), most, t.More, t), width, t)
}

// outputOf is the output as the ended command has it, or what is kept of it so far.
func outputOf(e Entry, item *protocol.CommandExecutionItem) excerpt {
	if item.AggregatedOutput != nil {
		return excerpt{head: *item.AggregatedOutput}
	}
	return e.Live.excerpt()
}

// fullCommand draws everything of a command, as a shell would have shown it.
func fullCommand(e Entry, item *protocol.CommandExecutionItem, width int, t *text.Theme) []text.Line {
	code := t.Highlight("bash", shellwords.Script(item.Command))
	out := text.Hanging(code, width, text.Of("$ ", t.Accent), text.Of("  ", text.Style{}))
	x := outputOf(e, item)
	if x.head != "" {
		margin := text.Of("  ", text.Style{})
		out = append(out, text.Hanging(x.rows(max(1, width-2), 0, "", t), width, margin, margin)...)
	}
	if item.Status != protocol.CommandExecutionStatusInProgress {
		out = append(out, text.Wrap([]text.Line{ending(item, t)}, width)...)
	}
	return out
}

// ending says how a command ended and how long it took.
func ending(item *protocol.CommandExecutionItem, t *text.Theme) text.Line {
	took := ""
	if item.DurationMs != nil {
		took = " • " + milliseconds(*item.DurationMs)
	}
	switch {
	case item.Status == protocol.CommandExecutionStatusDeclined:
		return text.Of("✗ declined", t.Error)
	case failed(item):
		return text.Of(fmt.Sprintf("✗ (%d)%s", *item.ExitCode, took), t.Error)
	case item.Status == protocol.CommandExecutionStatusFailed:
		return text.Of("✗"+took, t.Error)
	}
	return text.Of("✓"+took, t.OK)
}

// milliseconds says a time in the unit that fits.
func milliseconds(ms int64) string {
	switch {
	case ms < 1000:
		return fmt.Sprintf("%dms", ms)
	case ms < 60_000:
		return fmt.Sprintf("%.1fs", float64(ms)/1000)
	}
	return fmt.Sprintf("%dm %02ds", ms/60_000, ms/1000%60)
}
