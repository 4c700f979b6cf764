package turn

import (
	"math"
	"path/filepath"
	"time"

	"codex/pkg/engine/item"
	"codex/pkg/protocol"
	"codex/pkg/skills"
)

// skillList is the block that tells the model which skills there are, "" for none.
func (t *liveThread) skillList() string {
	if on, ok := t.cfg.Get("skills", "include_instructions").(bool); ok && !on {
		return ""
	}
	set := t.findSkills()
	for _, p := range set.Problems {
		t.opts.Log.Printf("skill left out: %s: %s", p.Path, p.Message)
	}
	budget := skills.Budget(t.set.window())
	if n, ok := t.cfg.Get("skills", "max_context_tokens").(int64); ok {
		budget = int(min(n, math.MaxInt32))
	}
	text, warning := skills.List(set.Listed(), budget)
	if warning != "" {
		t.out.warn(t.id, warning)
	}
	return text
}

// findSkills looks for them anew: a thread may live for weeks.
func (t *liveThread) findSkills() skills.Set {
	roots := append(skills.Roots(t.cfg, t.opts.Config.Env.Home, t.opts.SkillRoots), t.plugins.Skills...)
	// Files have the times of the machine's clock, whatever the thread's is.
	set := skills.Find(roots, &skills.Cache{Path: filepath.Join(t.cfg.Home, "cache", "skills"), Now: time.Now()})
	set.Switch(t.cfg)
	return set
}

// useSkills puts the skills that the user named into the history, after the message.
func (t *turn) useSkills(input []protocol.UserInput) {
	var named []skills.Mention
	for _, in := range input {
		switch in.Type {
		case protocol.UserInputText:
			named = append(named, skills.Mentions(in.Text)...)
		case protocol.UserInputSkill:
			named = append(named, skills.Mention{Name: in.Name, Path: in.Path})
		}
	}
	if len(named) == 0 {
		return
	}
	th := t.th
	set := th.findSkills()
	for _, s := range set.Select(named) {
		text, err := s.Injected()
		if err != nil {
			t.out.warn(th.id, "The skill "+s.Name+" cannot be read: "+err.Error())
			continue
		}
		th.push(item.Item{Raw: item.Message("user", text)})
	}
}
