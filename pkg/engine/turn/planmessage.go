package turn

import (
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/engine/item"
	"codex/pkg/protocol"
)

// planMessage is a message of plan mode: a plan in it is an item of its own.
type planMessage struct {
	s        *sample
	id       string
	phase    *protocol.MessagePhase
	cut      item.Proposal
	said     bool // the message was announced
	proposed bool // the plan was
	begin    string
}

func (p *planMessage) planID() string { return p.s.t.id + "-plan" }

// delta passes on what a piece adds.
func (p *planMessage) delta(piece string) {
	said, planned, opened := p.cut.Feed(piece)
	p.tell(said)
	if opened {
		p.propose()
	}
	p.plan(planned)
}

// tell shows words of the message, which begins with the first that is no blank.
func (p *planMessage) tell(text string) {
	t := p.s.t
	if !p.said {
		if p.begin += text; strings.TrimSpace(p.begin) == "" {
			return
		}
		text, p.begin = p.begin, ""
		p.announce()
	}
	if text != "" {
		t.out.notify(noteAgentDelta, protocol.AgentMessageDeltaNotification{ThreadID: t.shown.thread, TurnID: t.shown.turn, ItemID: p.id, Delta: text})
	}
}

func (p *planMessage) announce() {
	p.said = true
	p.s.t.itemStarted(&protocol.AgentMessageItem{Type: protocol.ItemAgentMessage, ID: p.id, Phase: p.phase})
}

func (p *planMessage) propose() {
	if !p.proposed {
		p.proposed = true
		p.s.t.itemStarted(&protocol.PlanItem{Type: protocol.ItemPlan, ID: p.planID()})
	}
}

func (p *planMessage) plan(text string) {
	if t := p.s.t; text != "" {
		t.out.notify(protocol.NoteItemPlanDelta, protocol.PlanDeltaNotification{ThreadID: t.shown.thread, TurnID: t.shown.turn, ItemID: p.planID(), Delta: text})
	}
}

// proposed ends a message of plan mode. Its whole text counts: deltas may be missing.
func (s *sample) proposed(id string, it gjson.Result, e item.Item) {
	p := s.plan
	if p == nil || p.id != id {
		p = &planMessage{s: s, id: id, phase: item.Phase(it)}
	}
	if said, planned := p.cut.End(); p.said || p.proposed {
		p.tell(said)
		p.plan(planned)
	}
	s.plan, s.active = nil, ""
	text, cited := item.Cited(item.Text(it))
	s.t.th.cited(cited)
	if text != "" {
		s.token()
	}
	var whole item.Proposal
	said, planned, opened := whole.Feed(text)
	lastSaid, lastPlanned := whole.End()
	said, planned = said+lastSaid, planned+lastPlanned
	th, t := s.t.th, s.t
	if opened {
		p.propose()
		plan := &protocol.PlanItem{Type: protocol.ItemPlan, ID: p.planID(), Text: planned}
		th.record(event(planCompleted{"item_completed", th.id, t.id, recordedPlan{"Plan", plan.ID, planned}, th.now().UnixMilli()}))
		t.itemCompleted(plan)
	}
	th.history = append(th.history, e)
	if strings.TrimSpace(said) == "" {
		th.record(responseItem(e.Raw))
		return
	}
	s.text = said
	if !p.said {
		p.announce()
	}
	th.record(event(agentMessageEvent{"agent_message", said, item.Phase(it), recordedCitation(cited)}), responseItem(e.Raw))
	t.itemCompleted(&protocol.AgentMessageItem{Type: protocol.ItemAgentMessage, ID: id, Text: said, Phase: item.Phase(it), MemoryCitation: cited})
}

// planCompleted is the event of session files that keeps a plan.
type planCompleted struct {
	Type     string       `json:"type"`
	ThreadID string       `json:"thread_id"`
	TurnID   string       `json:"turn_id"`
	Item     recordedPlan `json:"item"`
	At       int64        `json:"completed_at_ms"`
}

type recordedPlan struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Text string `json:"text"`
}
