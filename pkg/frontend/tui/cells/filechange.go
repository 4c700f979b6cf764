package cells

import (
	"fmt"

	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// diffRows is how many rows of one file's diff the chat shows.
const diffRows = 400

// fileChange draws a patch: each file with its diff.
func fileChange(e Entry, width int, t *text.Theme) []text.Line {
	item, ok := e.Item.(*protocol.FileChangeItem)
	if !ok {
		return nil
	}
	if item.Status == protocol.PatchApplyStatusFailed && !e.Full {
		out := text.Hanging([]text.Line{text.Of("Failed to apply patch", t.Mode.With(t.Bold))}, width, text.Of("✘ ", t.Error.With(t.Bold)), text.Of("  ", text.Style{}))
		for _, c := range item.Changes {
			out = append(out, below([]text.Line{text.Of(text.CleanLine(c.Path), t.Dim)}, width, t)...)
		}
		return out
	}
	most := diffRows
	if e.Full {
		most = 0
	}
	mark := bullet(item.Status == protocol.PatchApplyStatusInProgress, item.Status == protocol.PatchApplyStatusDeclined, e.Beat, t)
	if item.Status == protocol.PatchApplyStatusCompleted {
		mark = t.Dim
	}
	return changes(item, most, mark, width, t)
}

// changes draws the files: of one the title names it, of many each has a row of its own.
func changes(item *protocol.FileChangeItem, most int, mark text.Style, width int, t *text.Theme) []text.Line {
	diffs := make([]*text.FileDiff, len(item.Changes))
	added, deleted := 0, 0
	for i, c := range item.Changes {
		diffs[i] = fileDiff(c)
		added += diffs[i].Added
		deleted += diffs[i].Deleted
	}
	if len(diffs) == 1 {
		c := item.Changes[0]
		title := append(text.Line{span(changeVerb(c.Kind.Type, item.Status)+" ", t.Bold)}, changeName(c, diffs[0], t)...)
		out := bulleted([]text.Line{title}, width, mark)
		return append(out, indented(diffs[0].Lines(t, max(1, width-4), most), width)...)
	}
	title := text.Line{span(changeVerb(protocol.PatchChangeKindUpdate, item.Status), t.Bold), span(fmt.Sprintf(" %d files ", len(diffs)), text.Style{})}
	out := bulleted([]text.Line{append(title, counts(added, deleted, t)...)}, width, mark)
	for i, c := range item.Changes {
		if i > 0 {
			out = append(out, nil)
		}
		out = append(out, below([]text.Line{changeName(c, diffs[i], t)}, width, t)...)
		out = append(out, indented(diffs[i].Lines(t, max(1, width-4), most), width)...)
	}
	return out
}

func indented(lines []text.Line, width int) []text.Line {
	if width <= 5 {
		return text.Wrap(lines, width)
	}
	indent := text.Of("    ", text.Style{})
	return text.Prefixed(lines, indent, indent)
}

func fileDiff(c protocol.FileUpdateChange) *text.FileDiff {
	path := c.Path
	if c.Kind.MovePath != nil {
		path = *c.Kind.MovePath
	}
	switch c.Kind.Type {
	case protocol.PatchChangeKindAdd:
		return text.WholeFile(path, c.Diff, '+')
	case protocol.PatchChangeKindDelete:
		return text.WholeFile(path, c.Diff, '-')
	}
	return text.ParseDiff(path, c.Diff)
}

func changeVerb(kind string, status protocol.PatchApplyStatus) string {
	type tense struct{ past, now, not string }
	verbs := tense{"Edited", "Editing", "Did not edit"}
	switch kind {
	case protocol.PatchChangeKindAdd:
		verbs = tense{"Added", "Adding", "Did not add"}
	case protocol.PatchChangeKindDelete:
		verbs = tense{"Deleted", "Deleting", "Did not delete"}
	}
	switch status {
	case protocol.PatchApplyStatusInProgress:
		return verbs.now
	case protocol.PatchApplyStatusDeclined, protocol.PatchApplyStatusFailed:
		return verbs.not
	}
	return verbs.past
}

func changeName(c protocol.FileUpdateChange, d *text.FileDiff, t *text.Theme) text.Line {
	name := text.CleanLine(c.Path)
	if c.Kind.MovePath != nil && *c.Kind.MovePath != c.Path {
		name += " → " + text.CleanLine(*c.Kind.MovePath)
	}
	return append(text.Line{span(name+" ", text.Style{})}, counts(d.Added, d.Deleted, t)...)
}

func counts(added, deleted int, t *text.Theme) text.Line {
	return text.Line{span("(", text.Style{}), span(fmt.Sprintf("+%d", added), t.OK), span(" ", text.Style{}), span(fmt.Sprintf("-%d", deleted), t.Error), span(")", text.Style{})}
}
