package exec

import "strings"

// changes follows the diff of a turn, which grows with each change: what was shown of it,
// file by file.
type changes struct {
	diff  string            // the latest, whole
	files map[string]string // the latest part of each file, by its first line
	fresh bool              // it was the last thing to be shown
}

// update takes the next diff and gives the parts of the files that it changes.
func (c *changes) update(diff string) string {
	c.diff = diff
	now := map[string]string{}
	var news strings.Builder
	for _, part := range fileDiffs(diff) {
		head, _, _ := strings.Cut(part, "\n")
		if now[head] = part; c.files[head] != now[head] {
			news.WriteString(part)
		}
	}
	c.files = now
	return news.String()
}

// fileDiffs takes a git diff apart, one part a file.
func fileDiffs(diff string) []string {
	const head = "diff --git "
	var parts []string
	for line := range strings.Lines(diff) {
		if len(parts) == 0 || strings.HasPrefix(line, head) {
			parts = append(parts, "")
		}
		parts[len(parts)-1] += line
	}
	return parts
}

// colourDiff colours the lines of a diff as git does.
func colourDiff(diff string) string {
	var b strings.Builder
	hunk := false // within a hunk a line --- is one that was removed
	for line := range strings.Lines(diff) {
		text := strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(text, "diff --git "):
			hunk = false
			text = styled(text, bold)
		case strings.HasPrefix(text, "@@"):
			hunk = true
			text = styled(text, cyan)
		case !hunk && text != "":
			text = styled(text, bold)
		case strings.HasPrefix(text, "+"):
			text = styled(text, green)
		case strings.HasPrefix(text, "-"):
			text = styled(text, red)
		}
		b.WriteString(text)
		b.WriteString(line[len(strings.TrimSuffix(line, "\n")):])
	}
	return b.String()
}
