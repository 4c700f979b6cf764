package execpolicy

import (
	"fmt"
	"slices"

	"codex/pkg/shellwords"
)

// Call is one shell command to judge.
type Call struct {
	Argv      []string
	Asking    Asking
	Sandboxed bool // it would run in a sandbox
	Elsewhere bool // it would run in another folder than the session's
	Escalate  bool // the model asks to run outside of it
	Widen     bool // the model asks for a wider one
	Rules     *Policy
	// PrefixRule is the rule that the model would like to have, nil for none.
	PrefixRule []string
	// Writable says whether commands in the sandbox may write to a path. A program that
	// they could have made is not the one that a rule allows by its base name. nil means
	// no path is.
	Writable func(path string) bool
}

// Decision is the verdict and what follows from it.
type Decision struct {
	Verdict     Verdict
	Unsandboxed bool     // runs outside the sandbox once allowed
	Reason      string   // for Forbid, as the model sees it; for Ask, what a rule tells the user
	Amendment   []string // the rule that would allow it from now on, nil for none
	Segments    []Segment
}

// Segment is a part of a call that was judged by itself.
type Segment struct {
	Argv    []string
	Verdict Verdict
	Matches []Match // the rules that decided, none when Why did
	Why     Why
	// Inner is a command that the call runs in some other way, see [Inner]: only rules that
	// restrict look at it, and Argv may be its beginning only.
	Inner bool
}

// Why names what decided about a segment without rules.
type Why string

// What decides where no rule does.
const (
	BySafe       Why = "only reads"
	ByDanger     Why = "destroys files"
	ByPolicy     Why = "approval policy"
	ByEscalation Why = "asks to run outside the sandbox"
	ByHidden     Why = "does not show which commands it runs, and rules restrict some"
)

// Decide judges a call by rules and, where there are none, by heuristics.
func Decide(c Call) Decision {
	parts := Take(c.Argv)
	// In another folder the repository may be another one, too.
	c.Elsewhere = c.Elsewhere || slices.ContainsFunc(parts.Commands, func(cmd []string) bool { return cmd[0] == "cd" })
	d := Decision{Unsandboxed: c.Escalate}
	var byRule []Match // all rules that any part falls under
	free := true       // every part is allowed by a rule
	line := shellwords.Join(c.Argv)
	for _, cmd := range parts.Commands {
		s := Segment{Argv: cmd, Matches: c.match(cmd)}
		if len(s.Matches) > 0 {
			s.Verdict = Strictest(s.Matches)
			byRule = append(byRule, s.Matches...)
		} else {
			s.Verdict, s.Why = c.heuristic(cmd, parts.Plain)
			free = false
		}
		d.Segments = append(d.Segments, s)
		d.Verdict = max(d.Verdict, s.Verdict)
	}
	hides := c.lookInside(&d, &byRule)
	switch d.Verdict {
	case Allow:
		d.Unsandboxed = d.Unsandboxed || free
		if len(byRule) == 0 && !parts.Heredoc {
			d.Amendment = first(d.Segments, Allow)
		}
	case Forbid:
		d.Reason = forbidden(line, byRule)
	case Ask:
		rule := longest(byRule, Ask)
		if why := c.Asking.refusal(rule != nil || hides); why != "" {
			d.Verdict, d.Reason = Forbid, why
			if hides {
				d.Reason += "; the command " + string(ByHidden) + ": run them by their names"
			}
			break
		}
		switch {
		case rule != nil && rule.Justification != "":
			d.Reason = fmt.Sprintf("`%s` requires approval: %s", line, rule.Justification)
		case rule != nil:
			d.Reason = fmt.Sprintf("`%s` requires approval by policy", line)
		case hides:
			d.Reason = fmt.Sprintf("`%s` %s", line, ByHidden)
		case !parts.Heredoc:
			d.Amendment = first(d.Segments, Ask)
			if len(byRule) == 0 && !Banned(c.PrefixRule) && c.suffices(parts) {
				d.Amendment = c.PrefixRule
			}
		}
	}
	return d
}

// lookInside adds what rules that restrict say about inner commands. hides says that one
// of them is asked about only because it hides what it runs.
func (c *Call) lookInside(d *Decision, byRule *[]Match) (hides bool) {
	if !c.Rules.restricts() {
		return false
	}
	for _, in := range Look(c.Argv) {
		matches, hidden := c.inner(in)
		if len(matches) == 0 && !hidden {
			continue
		}
		s := Segment{Argv: in.Argv, Inner: true, Matches: matches, Verdict: Ask}
		if hidden {
			s.Why, hides = ByHidden, true
		} else {
			s.Verdict = Strictest(matches)
		}
		*byRule = append(*byRule, matches...)
		d.Segments = append(d.Segments, s)
		d.Verdict = max(d.Verdict, s.Verdict)
	}
	return hides
}

// match drops what a command in the sandbox could have brought about itself.
func (c *Call) match(cmd []string) []Match {
	var out []Match
	for _, m := range c.Rules.Match(cmd, true) {
		if m.Decision == Allow && m.Program != "" && !m.listed && c.Sandboxed && c.Writable != nil && c.Writable(m.Program) {
			continue
		}
		out = append(out, m)
	}
	return out
}

// suffices says whether the model's rule would allow every part.
func (c *Call) suffices(parts Parts) bool {
	with := *c
	with.Rules = c.Rules.With(c.PrefixRule)
	for _, cmd := range parts.Commands {
		v := Strictest(with.match(cmd))
		if len(with.match(cmd)) == 0 {
			v, _ = c.heuristic(cmd, parts.Plain)
		}
		if v != Allow {
			return false
		}
	}
	return true
}

// heuristic judges a command that no rule is about.
func (c *Call) heuristic(cmd []string, plain bool) (Verdict, Why) {
	if plain && Safe(cmd, c.Sandboxed && !c.Elsewhere) && !c.Escalate && !c.Widen {
		return Allow, BySafe
	}
	if Dangerous(cmd) {
		switch {
		case c.Asking.Policy != Never:
			return Ask, ByDanger
		case c.Sandboxed:
			return Forbid, ByDanger
		}
		return Allow, ByPolicy
	}
	switch c.Asking.Policy {
	case Untrusted:
		return Ask, ByPolicy
	case OnRequest, Granular:
		if (c.Escalate || c.Widen) && c.Sandboxed {
			return Ask, ByEscalation
		}
	}
	return Allow, ByPolicy
}

func forbidden(line string, byRule []Match) string {
	m := longest(byRule, Forbid)
	switch {
	case m == nil:
		return fmt.Sprintf("`%s` rejected: blocked by policy", line)
	case m.Justification != "":
		return fmt.Sprintf("`%s` rejected: %s", line, m.Justification)
	}
	return fmt.Sprintf("`%s` rejected: policy forbids commands starting with `%s`", line, shellwords.Join(m.Prefix))
}

// longest is the most specific match with this decision, of equal ones the last.
func longest(matches []Match, v Verdict) *Match {
	var best *Match
	for i := range matches {
		if m := &matches[i]; m.Decision == v && (best == nil || len(m.Prefix) >= len(best.Prefix)) {
			best = m
		}
	}
	return best
}

// first is the first command that heuristics gave this verdict.
func first(segments []Segment, v Verdict) []string {
	for _, s := range segments {
		if s.Verdict == v && len(s.Matches) == 0 {
			return s.Argv
		}
	}
	return nil
}
