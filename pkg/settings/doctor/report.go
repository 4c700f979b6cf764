package doctor

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"codex/pkg/termtext"
)

// The statuses of checks.
const (
	ok   = "ok"
	warn = "warning"
	fail = "fail"
)

// report is the whole of --json, in the form of the original's.
type report struct {
	Schema  int              `json:"schemaVersion"`
	At      string           `json:"generatedAt"`
	Status  string           `json:"overallStatus"`
	Version string           `json:"codexVersion"`
	Checks  map[string]check `json:"checks"`
}

// check is what came of one.
type check struct {
	ID          string         `json:"id"`
	Category    string         `json:"category"`
	Status      string         `json:"status"`
	Summary     string         `json:"summary"`
	Details     map[string]any `json:"details"` // a string, or a list of them
	Remediation *string        `json:"remediation"`
	Ms          int64          `json:"durationMs"`
}

// advise says what to do about it.
func (c check) advise(format string, args ...any) check {
	s := fmt.Sprintf(format, args...)
	c.Remediation = &s
	return c
}

func (r report) overall() string {
	worst := ok
	for _, c := range r.Checks {
		if c.Status == fail || c.Status == warn && worst == ok {
			worst = c.Status
		}
	}
	return worst
}

// form is how a report looks to people.
type form struct{ ascii, brief, all, colour bool }

// widest bounds a detail that is not printed whole.
const widest = 100

func (f form) print(w io.Writer, r report) {
	fmt.Fprintf(w, "Codex Doctor v%s\n", r.Version)
	group := ""
	for _, row := range checks() {
		c, made := r.Checks[row.id]
		if !made {
			continue
		}
		if row.group != group {
			group = row.group
			fmt.Fprintf(w, "\n%s\n", group)
		}
		fmt.Fprintf(w, "  %s %-12s %s", f.mark(c.Status), row.name, termtext.Visible(c.Summary))
		if c.Remediation != nil {
			fmt.Fprintf(w, " - %s", termtext.Visible(*c.Remediation))
		}
		fmt.Fprintln(w)
		if !f.brief {
			f.details(w, c.Details)
		}
	}
	n := map[string]int{}
	for _, c := range r.Checks {
		n[c.Status]++
	}
	sep := " · "
	if f.ascii {
		sep = " | "
	}
	fmt.Fprintf(w, "\n%d ok%s%d warn%s%d fail\n", n[ok], sep, n[warn], sep, n[fail])
}

func (f form) details(w io.Writer, details map[string]any) {
	for _, k := range slices.Sorted(maps.Keys(details)) {
		lines, several := details[k].([]string)
		if !several {
			lines = []string{fmt.Sprint(details[k])}
		}
		for _, l := range lines {
			if l == "" {
				continue
			}
			if runes := []rune(l); !f.all && len(runes) > widest {
				l = string(runes[:widest]) + "..."
			}
			fmt.Fprintf(w, "      %-24s %s\n", termtext.Visible(k), termtext.Visible(strings.TrimSpace(l)))
		}
	}
}

func (f form) mark(status string) string {
	marks := map[string][3]string{ok: {"✓", "[ok]", "\x1b[32m"}, warn: {"!", "[!!]", "\x1b[33m"}, fail: {"✗", "[XX]", "\x1b[31m"}}[status]
	s := marks[0]
	if f.ascii {
		s = marks[1]
	}
	if f.colour {
		s = marks[2] + s + "\x1b[0m"
	}
	return s
}
