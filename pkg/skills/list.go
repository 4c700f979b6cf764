package skills

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Budget is how many tokens the list of skills may take of a context window, in tokens.
func Budget(window int64) int {
	if window <= 0 {
		return 2000
	}
	return int(window / 50)
}

// tokens estimates those of a line.
func tokens(line string) int { return (len(line) + 4) / 4 }

// List is the block of a prompt that lists skills, "" for none. What does not fit is
// left out in this order: long names of folders, ends of descriptions, the last skills;
// warning says so when it costs the model something.
func List(listed []Skill, budget int) (text, warning string) {
	if len(listed) == 0 {
		return "", ""
	}
	l := list{skills: listed, most: maxDescription}
	if l.cost() > budget {
		if aliased := l.aliased(); aliased.cost() < l.cost() {
			l = aliased
		}
	}
	if l.cost() > budget {
		l.shorten(budget)
	}
	dropped := 0
	for len(l.skills) > 0 && l.cost() > budget {
		n := max(1, (l.cost()-budget)/64)
		dropped += n
		l.skills = l.skills[:len(l.skills)-n]
	}
	switch {
	case dropped > 0:
		warning = fmt.Sprintf("The list of skills is too long for the model's context: %d of %d are left out, and none has its description. Switch some off with [[skills.config]] in config.toml; $name still reaches each.", dropped, len(listed))
	case l.most < maxDescription:
		warning = fmt.Sprintf("The list of skills is too long for the model's context: descriptions are cut to %d characters. Switch some skills off with [[skills.config]] in config.toml.", l.most)
	}
	return l.String(), warning
}

// list is a list in one of its forms.
type list struct {
	skills []Skill
	roots  []string // r0, r1, ...; nil for whole paths
	most   int      // characters of a description
}

// aliased names the folders that skills lie in by short words.
func (l list) aliased() list {
	l.roots = nil
	for _, s := range l.skills {
		if !slices.Contains(l.roots, s.root) {
			l.roots = append(l.roots, s.root)
		}
	}
	return l
}

// split is where a skill lies: a short word with a slash, "" for none, and the rest.
func (l *list) split(s *Skill) (alias, rest string) {
	i := slices.Index(l.roots, s.root)
	rel, below := strings.CutPrefix(s.Path, s.root)
	if i < 0 || !below || rel == "" || !os.IsPathSeparator(rel[0]) {
		return "", s.Path
	}
	return "r" + strconv.Itoa(i) + "/", filepath.ToSlash(rel[1:])
}

// bare is the length of a skill's line without its description.
func (l *list) bare(s *Skill) int {
	alias, rest := l.split(s)
	return len("- : (file: )\n") + len(s.Name) + len(alias) + len(rest)
}

// described is what a description adds to that.
func (l *list) described(s *Skill) int {
	if n := len(first(s.Description, l.most)); n > 0 {
		return n + 1
	}
	return 0
}

func (l *list) line(s *Skill) string {
	text := first(s.Description, l.most)
	if text != "" {
		text = " " + text
	}
	alias, rest := l.split(s)
	return "- " + s.Name + ":" + text + " (file: " + alias + rest + ")\n"
}

// first are at most so many characters of a text.
func first(text string, most int) string {
	if len(text) <= most {
		return text
	}
	n := 0
	for i := range text {
		if n == most {
			return strings.TrimRight(text[:i], " ")
		}
		n++
	}
	return text
}

// rootLines are the table of short words.
func (l *list) rootLines() string {
	if l.roots == nil {
		return ""
	}
	var b strings.Builder
	b.WriteString("### Skill roots\n")
	for i, dir := range l.roots {
		fmt.Fprintf(&b, "- `r%d` = `%s`\n", i, dir)
	}
	return b.String()
}

func (l *list) cost() int {
	sum := tokens(l.rootLines())
	for i := range l.skills {
		sum += (l.bare(&l.skills[i]) + l.described(&l.skills[i]) + 4) / 4
	}
	return sum
}

// shorten finds the longest descriptions that fit.
func (l *list) shorten(budget int) {
	bare := make([]int, len(l.skills))
	for i := range l.skills {
		bare[i] = l.bare(&l.skills[i])
	}
	budget -= tokens(l.rootLines())
	over := func(most int) bool {
		left := budget
		for i := range l.skills {
			left -= (bare[i] + 1 + len(first(l.skills[i].Description, most)) + 4) / 4
		}
		return left < 0
	}
	l.most = max(sort.Search(maxDescription, func(most int) bool { return over(most) })-1, 0)
}

func (l *list) String() string {
	var b strings.Builder
	b.WriteString("<skills_instructions>\n## Skills\n")
	if l.roots == nil {
		b.WriteString("Skills are folders with instructions for a kind of task, each with a `SKILL.md` to begin with. These are here, with what they are for and where to read them.\n")
	} else {
		b.WriteString("Skills are folders with instructions for a kind of task, each with a `SKILL.md` to begin with. These are here, with what they are for and where to read them; the first word of a path stands for a folder of the table.\n")
	}
	b.WriteString(l.rootLines())
	b.WriteString("### Available skills\n")
	for i := range l.skills {
		b.WriteString(l.line(&l.skills[i]))
	}
	b.WriteString(usage)
	return b.String()
}

// usage tells the model what to do with the list.
const usage = `### How to use skills
- Use a skill when the user names it (` + "`$name`" + `, or in plain words) or when the task is plainly what its description says. Take the fewest that cover the task, say in a few words which and why, and use them for this turn only: the next one decides anew.
- Before you act, read the skill's ` + "`SKILL.md`" + `, as far as the task needs. Of the files that it names read those that matter now, not all of them. Its relative names start at its own folder.
- Scripts and templates that it brings are there to be run and copied, not to be written again.
- When a skill is missing, can't be read or doesn't fit, say so in one sentence and do the task without it.
</skills_instructions>`
