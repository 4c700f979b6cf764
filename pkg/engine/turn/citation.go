package turn

import (
	"bytes"

	"github.com/tidwall/gjson"

	store "codex/pkg/memories"
	"codex/pkg/protocol"
)

// citation is what an answer rests on, as session files have it.
type citation struct {
	Entries    protocol.List[protocol.MemoryCitationEntry] `json:"entries"`
	RolloutIDs protocol.List[string]                       `json:"rolloutIds"`
}

func recordedCitation(c *protocol.MemoryCitation) *citation {
	if c == nil {
		return nil
	}
	return &citation{c.Entries, c.ThreadIDs}
}

// cited counts that an answer rested on memories.
func (t *liveThread) cited(c *protocol.MemoryCitation) {
	if c == nil || !t.cfg.UseMemories() {
		return
	}
	if err := (store.Store{Home: t.cfg.Home}).Used(c.ThreadIDs, t.now()); err != nil {
		t.opts.Log.Print(err)
	}
}

// messageDelta passes on a piece of a message, without what it says of memories.
func (s *sample) messageDelta(data []byte) {
	switch {
	case s.active == "" || !s.t.out.wants(noteAgentDelta):
	case s.cites.Idle() && bytes.IndexByte(data, '<') < 0 && !bytes.Contains(data, []byte(`\u003`)):
		s.delta(noteAgentDelta, data, "")
	default:
		s.say(s.cites.Feed(gjson.GetBytes(data, "delta").Str))
	}
}

// say shows words of the message that comes.
func (s *sample) say(text string) {
	if text != "" && s.active != "" {
		s.t.out.notify(noteAgentDelta, protocol.AgentMessageDeltaNotification{ThreadID: s.t.shown.thread, TurnID: s.t.shown.turn, ItemID: s.active, Delta: text})
	}
}

// endCitations ends the message: what was held back and is no citation is said.
func (s *sample) endCitations() {
	rest, _ := s.cites.End()
	if s.plan != nil {
		s.plan.delta(rest)
	} else if s.t.outer == nil {
		s.say(rest)
	}
}
