package argv

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"codex/pkg/config"
	"codex/pkg/execpolicy"
	"codex/pkg/execpolicy/ruledir"
	"codex/pkg/shellwords"
)

type explainCmd struct {
	Rules       []string `short:"r" sep:"none" placeholder:"PATH" help:"rules file, instead of those of a session; may be given more than once"`
	IgnoreRules bool     `name:"ignore-rules" help:"leave the rules files of user and project out"`
	Approval    string   `short:"a" name:"ask-for-approval" enum:",untrusted,on-failure,on-request,never" default:"" placeholder:"POLICY" help:"approval policy: untrusted, on-failure, on-request, never"`
	Sandbox     string   `short:"s" enum:",read-only,workspace-write,danger-full-access" default:"" placeholder:"MODE" help:"sandbox: read-only, workspace-write, danger-full-access"`
	Cd          string   `short:"C" name:"cd" placeholder:"DIR" help:"working folder of the session"`
	Escalate    bool     `help:"the model asks to run outside the sandbox"`
	JSON        bool     `name:"json" help:"print one JSON object"`
	Command     []string `arg:"" passthrough:"" help:"the command's words, or one word: a script for bash"`
}

// Run judges a command as a session would.
func (c *explainCmd) Run(ctx context.Context, g *Grammar, p Process) error {
	argv, err := command(c.Command)
	if err != nil {
		return err
	}
	if len(argv) == 1 {
		argv = []string{"bash", "-lc", argv[0]}
	}
	cfg, err := config.Load(ctx, config.Options{Env: p.Env, Cwd: c.Cd, Overrides: g.Config, Enable: g.Enable,
		Disable: g.Disable, Approval: c.Approval, Sandbox: c.Sandbox})
	if err != nil {
		return err
	}
	book, err := c.load(ctx, cfg, p)
	if err != nil {
		return err
	}
	pol, err := cfg.Permissions.In().Resolve(cfg.PolicyEnv())
	if err != nil {
		return err
	}
	call := execpolicy.Call{Argv: argv, Asking: asking(cfg), Sandboxed: pol.Restricted(), Escalate: c.Escalate, Rules: book, Writable: pol.CanWrite}
	var d execpolicy.Decision
	if refusal := call.Asking.EscalationRefusal("cannot"); c.Escalate && refusal != "" {
		d = execpolicy.Decision{Verdict: execpolicy.Forbid, Reason: refusal}
	} else {
		d = execpolicy.Decide(call)
	}
	if c.JSON {
		return write(p.Stdout, explanation(d, call.Sandboxed), false)
	}
	return print(p, d, call.Sandboxed)
}

// load reads the rules files of a session, or those that were named. A broken one is named
// and left out, as in a session.
func (c *explainCmd) load(ctx context.Context, cfg *config.Config, p Process) (*execpolicy.Policy, error) {
	files := c.Rules
	if len(files) == 0 {
		var err error
		if files, err = ruledir.Files(ruledir.Folders(cfg.Layers, c.IgnoreRules)); err != nil {
			return nil, err
		}
	}
	var all []execpolicy.Rule
	for _, path := range files {
		text, err := read(path)
		if err != nil {
			return nil, fmt.Errorf("failed to read rules file %s: %w", path, err)
		}
		r, err := parse(ctx, p, path, text)
		if _, ok := errors.AsType[*execpolicy.FileError](err); ok {
			fmt.Fprintf(p.Stderr, "codex-execpolicy: warning: left out: %v\n", err)
		} else if err != nil {
			return nil, err
		}
		all = append(all, r...)
	}
	required, err := ruledir.Required(cfg.RequiredRules)
	if err != nil {
		return nil, err
	}
	return execpolicy.NewPolicy(append(all, required...)), nil
}

func asking(cfg *config.Config) execpolicy.Asking {
	a := execpolicy.Asking{Policy: cfg.ApprovalPolicy}
	if g := cfg.Granular; g != nil {
		a.Flags = execpolicy.Flags{SandboxApproval: g.SandboxApproval, Rules: g.Rules, SkillApproval: g.SkillApproval,
			RequestPermissions: g.RequestPermissions, MCPElicitations: g.MCPElicitations}
	}
	return a
}

// print writes a line for each part, and one for the whole: verdict, command, why.
func print(p Process, d execpolicy.Decision, sandboxed bool) error {
	var b strings.Builder
	for _, s := range d.Segments {
		why := make([]string, 0, len(s.Matches))
		for _, m := range s.Matches {
			why = append(why, describe(m))
		}
		if len(s.Matches) == 0 {
			why = append(why, string(s.Why))
		}
		if s.Inner {
			why = append(why, "inside the script")
		}
		fmt.Fprintf(&b, "%s\t%s\t%s\n", s.Verdict, shellwords.Join(s.Argv), strings.Join(why, "; "))
	}
	fmt.Fprintf(&b, "=\t%s\t%s\n", d.Verdict, strings.Join(outcome(d, sandboxed), "; "))
	_, err := p.Stdout.Write([]byte(b.String()))
	return err
}

// describe names a rule: its words, where it is, and its justification.
func describe(m execpolicy.Match) string {
	s := "rule `" + shellwords.Join(m.Prefix) + "`"
	if m.Program != "" {
		s += " for " + m.Program
	}
	if m.File != "" {
		s += fmt.Sprintf(" at %s:%d", m.File, m.Line)
	}
	if m.Justification != "" {
		s += ": " + m.Justification
	}
	return s
}

// outcome says what happens in the end.
func outcome(d execpolicy.Decision, sandboxed bool) []string {
	where := "runs in the sandbox"
	switch {
	case !sandboxed:
		where = "runs without a sandbox"
	case d.Unsandboxed:
		where = "runs outside the sandbox"
	}
	switch d.Verdict {
	case execpolicy.Forbid:
		return []string{d.Reason}
	case execpolicy.Allow:
		return []string{where}
	}
	out := []string{"asks, then " + where}
	if d.Reason != "" {
		out = append(out, d.Reason)
	}
	if len(d.Amendment) > 0 {
		out = append(out, "proposes the rule `"+shellwords.Join(d.Amendment)+"`")
	}
	return out
}

// explained is the explanation as JSON.
type explained struct {
	Verdict   execpolicy.Verdict `json:"decision"`
	Sandboxed bool               `json:"sandboxed"` // if it runs
	Reason    string             `json:"reason,omitempty"`
	Amendment []string           `json:"proposedExecpolicyAmendment,omitempty"`
	Segments  []explainedSegment `json:"segments"`
}

type explainedSegment struct {
	Command []string           `json:"command"`
	Verdict execpolicy.Verdict `json:"decision"`
	Matched []matchedAt        `json:"matchedRules"`
	Why     execpolicy.Why     `json:"why,omitempty"`
	Inner   bool               `json:"inner,omitempty"`
}

type matchedAt struct {
	matched
	execpolicy.Place
}

func explanation(d execpolicy.Decision, sandboxed bool) explained {
	e := explained{Verdict: d.Verdict, Sandboxed: sandboxed && !d.Unsandboxed, Reason: d.Reason, Segments: []explainedSegment{}}
	if d.Verdict == execpolicy.Ask {
		e.Amendment = d.Amendment
	}
	for _, s := range d.Segments {
		x := explainedSegment{Command: s.Argv, Verdict: s.Verdict, Matched: []matchedAt{}, Why: s.Why, Inner: s.Inner}
		for _, m := range s.Matches {
			x.Matched = append(x.Matched, matchedAt{matched{m}, m.Place})
		}
		e.Segments = append(e.Segments, x)
	}
	return e
}
