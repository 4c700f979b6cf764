package loop

import (
	"cmp"

	"codex/pkg/config"
	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/models"
	"codex/pkg/protocol"
)

// The tier of service that is faster, as the service calls it, and as config.toml does.
const (
	fastTier = "priority"
	fastWord = "fast"
)

// toggleFast goes to the model's faster tier, and back.
func (l *Loop) toggleFast() {
	if !models.In(l.catalogue(), l.state.Thread.Model).HasTier(fastTier) {
		l.say("%s has one speed.", cmp.Or(l.state.Thread.Model, "This model"))
		return
	}
	p := protocol.ThreadSettingsUpdateParams{ThreadID: l.state.Thread.ID}
	on := l.state.Thread.Tier != fastTier
	p.ServiceTier.Set = true
	var stored any
	if tier := fastTier; on {
		p.ServiceTier.Value, stored = &tier, fastWord
	}
	l.update(p, func() {
		l.state.Thread.Tier = ""
		if on {
			l.state.Thread.Tier = fastTier
		}
		l.say("Fast mode is %s.", onOff(on))
		l.save(config.Change{Path: l.profiled("service_tier"), Value: stored})
	})
}

// pickPersonality chooses how the model talks.
func (l *Loop) pickPersonality() {
	list := &overlay.List{Title: "How the model talks"}
	for _, p := range []struct {
		name  protocol.Personality
		about string
	}{
		{protocol.PersonalityFriendly, "warm and encouraging"},
		{protocol.PersonalityPragmatic, "short and to the point"},
		{protocol.PersonalityNone, "as the model does by itself"},
	} {
		list.Items = append(list.Items, overlay.Item{Label: string(p.name), Detail: p.about, Current: string(p.name) == l.state.Thread.Personality, Do: func() {
			l.update(protocol.ThreadSettingsUpdateParams{ThreadID: l.state.Thread.ID, Personality: &p.name}, func() {
				l.state.Thread.Personality = string(p.name)
				l.say("Personality: %s", p.name)
				l.save(config.Change{Path: l.profiled("personality"), Value: string(p.name)})
			})
		}})
	}
	l.over(list)
}
