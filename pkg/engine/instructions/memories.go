package instructions

import (
	"path/filepath"
	"strings"
)

// SummaryBytes is how much of the summary of memories a model is told: some 5,000 tokens.
const SummaryBytes = 20 << 10

// Memories is what a model is told of earlier sessions: a summary, and where more is.
type Memories struct {
	Dir     string
	Summary string
	Cut     bool // it goes on in its file
}

// SummaryFile is the file with the summary.
func SummaryFile(dir string) string { return filepath.Join(dir, "memory_summary.md") }

// String gives the text, "" where nothing is remembered.
func (m Memories) String() string {
	if strings.TrimSpace(m.Summary) == "" {
		return ""
	}
	var b strings.Builder
	b.WriteString("## Memory\n\nEarlier sessions left notes in `" + m.Dir + "`. The summary of them is below, so do not open `" + SummaryFile(m.Dir) +
		"` again. When the task touches what it names (a repository, a convention, an earlier decision), search `" + filepath.Join(m.Dir, "MEMORY.md") +
		"` for its keywords with a few commands, and open files in `" + filepath.Join(m.Dir, "rollout_summaries") + "` or `" + filepath.Join(m.Dir, "skills") +
		"` only where that points to them. A task that stands for itself needs none of this.\n\n" +
		"Notes may be out of date: check what is cheap to check, and say so when you rely on one that you have not checked. Do not change these files unless the user asks for it.\n\n" +
		"An answer that rests on notes ends with a block that says on which; it is not shown. Paths are as in the folder, ids those of the sessions that the notes name:\n" +
		"<oai-mem-citation>\n<citation_entries>\nMEMORY.md:FIRST_LINE-LAST_LINE|note=[what for]\n</citation_entries>\n<rollout_ids>\nTHREAD_ID\n</rollout_ids>\n</oai-mem-citation>\n\n" +
		"MEMORY_SUMMARY begins\n")
	b.WriteString(strings.TrimSpace(m.Summary))
	if m.Cut {
		b.WriteString("\n[... the rest is in the file ...]")
	}
	b.WriteString("\nMEMORY_SUMMARY ends")
	return b.String()
}
