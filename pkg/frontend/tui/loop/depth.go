package loop

import (
	"strings"

	"codex/pkg/frontend/tui/text"
)

// depth is how many colours the terminal shows, from the environment as is the custom.
func depth(getenv func(string) string) text.Depth {
	term, color := getenv("TERM"), getenv("COLORTERM")
	switch {
	case getenv("NO_COLOR") != "" || term == "dumb" || term == "":
		return text.NoColor
	case color == "truecolor" || color == "24bit" || getenv("WT_SESSION") != "" || strings.HasSuffix(term, "-direct") || getenv("FORCE_COLOR") == "3":
		return text.TrueColor
	case strings.Contains(term, "256color") || color != "" || getenv("FORCE_COLOR") == "2":
		return text.Colors256
	}
	return text.Colors16
}
