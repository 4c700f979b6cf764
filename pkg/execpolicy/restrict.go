package execpolicy

import (
	"path/filepath"
	"slices"
	"strings"
)

// restricts says whether some rule asks or forbids.
func (p *Policy) restricts() bool {
	return p != nil && slices.ContainsFunc(p.prefix, func(r PrefixRule) bool { return r.Decision > Allow })
}

// inner judges an inner command by the rules that restrict: as they say where they are
// sure to be about it, with a question where they may be. hidden says that no rule is about
// what is to be seen, but that the command may run what one is about.
func (c *Call) inner(in Inner) (matches []Match, hidden bool) {
	for i := range c.Rules.prefix {
		r := &c.Rules.prefix[i]
		if r.Decision == Allow {
			continue
		}
		if fits, sure := r.reaches(in, c.Rules); fits {
			m := Match{Prefix: in.Argv[:min(len(r.Pattern), len(in.Argv))], Decision: r.Decision, Justification: r.Justification, Place: r.Place}
			if !sure {
				m.Decision = Ask
			}
			matches = append(matches, m)
		}
	}
	if len(matches) > 0 || !in.Hidden && (len(in.Argv) > 0 || !in.Open) {
		return matches, false
	}
	// Somebody may have said that this very command is fine.
	said := c.match(in.Argv)
	return nil, len(said) == 0 || Strictest(said) > Allow
}

// reaches says whether a rule is about an inner command, and whether that is sure. What was
// judged already among the plain commands is not reached once more.
func (r *PrefixRule) reaches(in Inner, p *Policy) (fits, sure bool) {
	if in.Text {
		return r.in(in.Argv), false
	}
	if len(in.Argv) == 0 {
		return false, false
	}
	name := in.Argv[0]
	sure = slices.Contains(r.Pattern[0], name)
	if !sure {
		base := baseName(name)
		if !slices.ContainsFunc(r.Pattern[0], func(w string) bool { return strings.EqualFold(w, base) }) {
			return false, false
		}
		sure = filepath.IsAbs(name) && slices.Contains(r.Pattern[0], filepath.Base(name)) && p.standsFor(name)
	}
	if in.Top && sure && r.fitsRest(in.Argv) {
		return false, false
	}
	exact, short, ok := r.follow(in.Argv)
	if short {
		return in.Open, false
	}
	return ok, sure && exact && !in.Guess
}

// in says whether the pattern's words stand in a text, one after the other, the first one
// with or without a folder.
func (r *PrefixRule) in(words []string) bool {
	at := 0
	for _, w := range words {
		if at < len(r.Pattern) && (slices.Contains(r.Pattern[at], w) || at == 0 && slices.Contains(r.Pattern[0], baseName(w))) {
			at++
		}
	}
	return at == len(r.Pattern)
}

// fitsRest says whether the words after the name are the pattern's.
func (r *PrefixRule) fitsRest(words []string) bool {
	exact, short, ok := r.follow(words)
	return ok && exact && !short
}

// follow goes along words, of which the first is the pattern's. short says that they end
// before the pattern; with options in between they are not exactly its words.
func (r *PrefixRule) follow(words []string) (exact, short, ok bool) {
	exact = true
	at := 1
	for _, alternatives := range r.Pattern[1:] {
		for at < len(words) && !slices.Contains(alternatives, words[at]) {
			// It may be an option, or what an option before it wants.
			if option := words[at]; !strings.HasPrefix(option, "-") && (at == 1 || !strings.HasPrefix(words[at-1], "-")) {
				return false, false, false
			}
			exact = false
			at++
		}
		if at >= len(words) {
			return false, true, false
		}
		at++
	}
	return exact, false, true
}
