package turn

import (
	"strings"
	"unicode"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol"
)

// The tags of a plan; each stands on a line of its own.
const (
	planOpens  = "<proposed_plan>"
	planCloses = "</proposed_plan>"
)

// proposal cuts text into what is said and what is planned, while it comes in pieces. A
// line that may become a tag is kept back until that is known.
type proposal struct {
	inside bool
	middle bool   // of a line that is no tag
	line   string // begun, may be a tag yet
}

// feed takes a piece and gives what it adds to either; opened says that a plan began.
func (p *proposal) feed(piece string) (said, planned string, opened bool) {
	out := func(s string) {
		if p.inside {
			planned += s
		} else {
			said += s
		}
	}
	for piece != "" {
		head, rest, whole := strings.Cut(piece, "\n")
		if whole {
			head += "\n"
		}
		piece = rest
		if p.middle {
			out(head)
			p.middle = !whole
			continue
		}
		p.line += head
		tag := planOpens
		if p.inside {
			tag = planCloses
		}
		switch trimmed := strings.TrimSpace(p.line); {
		case whole && trimmed == tag:
			opened = opened || !p.inside
			p.inside, p.line = !p.inside, ""
		case !whole && (strings.HasPrefix(tag, strings.TrimLeftFunc(p.line, unicode.IsSpace)) || trimmed == tag):
			// not known yet
		default:
			out(p.line)
			p.line, p.middle = "", !whole
		}
	}
	return said, planned, opened
}

// end gives what was kept back: a last line may be a tag without a newline.
func (p *proposal) end() (said, planned string) {
	line := p.line
	p.line = ""
	switch {
	case p.inside && strings.TrimSpace(line) == planCloses:
		p.inside = false
	case p.inside:
		return "", line
	default:
		return line, ""
	}
	return "", ""
}

// prose is a message of plan mode: a plan in it is an item of its own.
type prose struct {
	s        *sample
	id       string
	phase    *protocol.MessagePhase
	cut      proposal
	said     bool // the message was announced
	proposed bool // the plan was
	begin    string
}

func (p *prose) planID() string { return p.s.t.id + "-plan" }

// delta passes on what a piece adds.
func (p *prose) delta(piece string) {
	said, planned, opened := p.cut.feed(piece)
	p.tell(said)
	if opened {
		p.propose()
	}
	p.plan(planned)
}

// tell shows words of the message, which begins with the first that is no blank.
func (p *prose) tell(text string) {
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

func (p *prose) announce() {
	p.said = true
	p.s.t.itemStarted(&protocol.AgentMessageItem{Type: protocol.ItemAgentMessage, ID: p.id, Phase: p.phase})
}

func (p *prose) propose() {
	if !p.proposed {
		p.proposed = true
		p.s.t.itemStarted(&protocol.PlanItem{Type: protocol.ItemPlan, ID: p.planID()})
	}
}

func (p *prose) plan(text string) {
	if t := p.s.t; text != "" {
		t.out.notify(protocol.NoteItemPlanDelta, protocol.PlanDeltaNotification{ThreadID: t.shown.thread, TurnID: t.shown.turn, ItemID: p.planID(), Delta: text})
	}
}

// proposed ends a message of plan mode. Its whole text counts: deltas may be missing.
func (s *sample) proposed(id string, item gjson.Result, e entry) {
	p := s.prose
	if p == nil || p.id != id {
		p = &prose{s: s, id: id, phase: phase(item)}
	}
	if said, planned := p.cut.end(); p.said || p.proposed {
		p.tell(said)
		p.plan(planned)
	}
	s.prose, s.active = nil, ""
	var whole proposal
	said, planned, opened := whole.feed(messageText(item))
	lastSaid, lastPlanned := whole.end()
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
		th.record(responseItem(e.raw))
		return
	}
	s.text = said
	if !p.said {
		p.announce()
	}
	th.record(event(agentMessageEvent{"agent_message", said, phase(item), nil}), responseItem(e.raw))
	t.itemCompleted(&protocol.AgentMessageItem{Type: protocol.ItemAgentMessage, ID: id, Text: said, Phase: phase(item)})
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
