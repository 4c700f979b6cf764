package turn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"codex/pkg/engine/item"
	"codex/pkg/engine/tools"
	"codex/pkg/protocol"
	"codex/pkg/responses"
	"codex/pkg/rollout"
)

// sample is one sampling request and what came of it.
type sample struct {
	t       *turn
	tt      *tools.Turn
	active  string // it id that deltas belong to
	started map[string]bool
	calls   []*tools.Pending
	text    string // last non-empty assistant text
	usage   *rollout.Usage
	more    bool // end_turn:false
	saw     bool // the first token has come
	firstMs int64
	begun   time.Time
	seen    int  // completed items of this attempt
	opened  bool // a stream came of this attempt
	plan    *planMessage
}

// run sends the history and follows the stream until the response is complete, with the
// visible retries of the stream layer (turn spec §2.2). Tools that the response calls
// are running when it returns.
func (s *sample) run(ctx context.Context) error {
	th := s.t.th
	retries := th.cfg.Provider.StreamMaxRetries
	for n := 1; ; n++ {
		err := s.attempt(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		var re *responses.Error
		if !errors.As(err, &re) || !re.Retryable || n > retries {
			return err
		}
		// The retried input is rebuilt from history: tools that were already started run
		// to their end, and their outputs go with it.
		s.collect()
		s.lost()
		s.t.retrying(n, retries, re)
		wait := re.RetryAfter
		if wait == 0 {
			wait = responses.Backoff(n, th.opts.Rand)
		}
		if err := th.opts.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

func (s *sample) attempt(ctx context.Context) error {
	th := s.t.th
	r, err := s.t.request(item.Normalise(th.history, th.set.model.InputImages), true)
	if err != nil {
		return err
	}
	s.active, s.started, s.seen, s.opened, s.plan = "", map[string]bool{}, 0, false, nil
	return th.client.Stream(ctx, r, s.meta, s.event)
}

// lost accounts for a stream that ended early: what is known of tokens and limits is told
// as after a whole one.
func (s *sample) lost() {
	if s.opened {
		s.t.tokenCount()
	}
}

func (s *sample) meta(m responses.Meta) {
	s.opened = true
	th := s.t.th
	if m.TurnState != "" && th.turnState == "" {
		th.turnState = m.TurnState
	}
	if m.RateLimits != nil {
		if b, err := json.Marshal(m.RateLimits); err == nil {
			th.limits = b
		}
	}
	if m.Model != "" && !strings.EqualFold(m.Model, th.set.slug) {
		s.t.out.notify(protocol.NoteModelRerouted, protocol.ModelReroutedNotification{ThreadID: s.t.shown.thread, TurnID: s.t.shown.turn,
			FromModel: th.set.slug, ToModel: m.Model, Reason: protocol.ModelRerouteReasonHighRiskCyberActivity})
	}
}

// largeEvent is from where on the copies of an event count.
const largeEvent = 256 << 10

func (s *sample) event(e responses.Event) error {
	if len(e.Data) > largeEvent && s.t.th.opts.Large != nil {
		defer s.t.th.opts.Large()()
	}
	s.opened = true
	if !s.saw && firstToken(e) {
		s.saw, s.firstMs = true, time.Since(s.begun).Milliseconds()
	}
	switch e.Type {
	case "response.output_text.delta":
		switch {
		case s.t.outer != nil: // what a reviewer writes is not for people yet
		case s.plan != nil:
			s.plan.delta(gjson.GetBytes(e.Data, "delta").Str)
		default:
			s.delta(noteAgentDelta, e.Data, "")
		}
	case "response.reasoning_summary_text.delta":
		s.delta(noteReasoningDelta, e.Data, "summary_index")
	case "response.reasoning_text.delta":
		s.delta(noteRawReasoningDelta, e.Data, "content_index")
	case "response.reasoning_summary_part.added":
		if s.active != "" {
			s.t.out.notify(protocol.NoteItemReasoningSummaryPartAdded, protocol.ReasoningSummaryPartAddedNotification{ThreadID: s.t.shown.thread,
				TurnID: s.t.shown.turn, ItemID: s.active, SummaryIndex: gjson.GetBytes(e.Data, "summary_index").Int()})
		}
	case "response.output_item.added":
		s.added(gjson.GetBytes(e.Data, "item"))
	case "response.output_item.done":
		s.done(gjson.GetBytes(e.Data, "item"))
	case "response.completed":
		s.completed(gjson.GetBytes(e.Data, "response"))
	}
	return nil
}

// firstToken says whether an event brings something the model wrote.
func firstToken(e responses.Event) bool {
	switch e.Type {
	case "response.output_text.delta", "response.reasoning_summary_text.delta", "response.reasoning_text.delta":
		return true
	case "response.output_item.done":
		it := gjson.GetBytes(e.Data, "item")
		return it.Get("type").Str != "message" || item.Text(it) != ""
	}
	return false
}

// delta passes a piece of text on, its JSON string untouched.
func (s *sample) delta(method string, data []byte, index string) {
	if s.active == "" || !s.t.out.wants(method) {
		return
	}
	r := gjson.GetManyBytes(data, "delta", index+"\x00")
	if r[0].Type != gjson.String {
		return
	}
	buf := make([]byte, 0, len(r[0].Raw)+256)
	buf = append(buf, `{"method":"`...)
	buf = append(buf, method...)
	buf = append(buf, `","params":{"threadId":"`...)
	buf = append(buf, s.t.shown.thread...)
	buf = append(buf, `","turnId":"`...)
	buf = append(buf, s.t.shown.turn...)
	buf = append(buf, `","itemId":`...)
	buf = append(buf, item.Quote(s.active)...)
	buf = append(buf, `,"delta":`...)
	buf = append(buf, r[0].Raw...)
	if index == "summary_index" {
		buf = fmt.Appendf(buf, `,"summaryIndex":%d`, gjson.GetBytes(data, index).Int())
	} else if index == "content_index" {
		buf = fmt.Appendf(buf, `,"contentIndex":%d`, gjson.GetBytes(data, index).Int())
	}
	buf = append(buf, "}}"...)
	s.t.out.check(s.t.out.w.WriteLine(buf))
}

// added announces an item that has begun. In plan mode a message is announced with its
// first words: it may be nothing but a plan.
func (s *sample) added(it gjson.Result) {
	switch typ := it.Get("type").Str; typ {
	case "message", "reasoning", "web_search_call":
		id := itemID(it)
		s.active = id
		if typ == "message" && s.planning() {
			s.plan = &planMessage{s: s, id: id, phase: item.Phase(it)}
			return
		}
		s.begin(id, it)
	}
}

// planning says whether messages may hold a plan.
func (s *sample) planning() bool { return s.t.th.set.collab.plan && s.t.outer == nil }

func (s *sample) begin(id string, it gjson.Result) {
	s.started[id] = true
	switch it.Get("type").Str {
	case "message":
		s.t.itemStarted(&protocol.AgentMessageItem{Type: protocol.ItemAgentMessage, ID: id, Text: item.Text(it), Phase: item.Phase(it)})
	case "reasoning":
		s.t.itemStarted(item.Reasoning(id, it))
	case "web_search_call":
		s.t.itemStarted(item.WebSearch(id, it))
	}
}

func itemID(it gjson.Result) string {
	if id := it.Get("id").Str; id != "" {
		return id
	}
	return uuid.NewString()
}

// done records a complete item, and starts the tool it calls while the stream goes on.
func (s *sample) done(it gjson.Result) {
	e, ok := item.Replay(it)
	if !ok {
		return
	}
	s.seen++
	th, id, typ := s.t.th, itemID(it), it.Get("type").Str
	if role := it.Get("role").Str; typ == "message" && role != "assistant" && role != "" {
		th.push(e) // something the server put in; nobody's answer
		return
	}
	if typ == "message" && s.planning() {
		s.proposed(id, it, e)
		return
	}
	if !s.started[id] {
		s.begin(id, it)
	}
	s.active = ""
	switch typ {
	case "message":
		text := item.Text(it)
		if strings.TrimSpace(text) != "" {
			s.text = text
		}
		th.history = append(th.history, e)
		th.record(event(agentMessageEvent{"agent_message", text, item.Phase(it), nil}), responseItem(e.Raw))
		if s.t.outer == nil {
			s.t.itemCompleted(&protocol.AgentMessageItem{Type: protocol.ItemAgentMessage, ID: id, Text: text, Phase: item.Phase(it)})
		}
		return
	case "reasoning":
		r := item.Reasoning(id, it)
		entries := []rollout.Entry{}
		for _, part := range r.Summary {
			entries = append(entries, event(textEvent{"agent_reasoning", part}))
		}
		for _, part := range r.Content {
			if !th.cfg.ShowRawReasoning {
				break
			}
			entries = append(entries, event(textEvent{"agent_reasoning_raw_content", part}))
		}
		th.history = append(th.history, e)
		th.record(append(entries, responseItem(e.Raw))...)
		if s.t.outer != nil {
			s.t.outer.th.record(entries...)
		}
		s.t.itemCompleted(r)
		return
	case "web_search_call":
		w := item.WebSearch(id, it)
		th.history = append(th.history, e)
		th.record(event(map[string]any{"type": "web_search_end", "call_id": id, "query": w.Query, "action": actionOf(it)}), responseItem(e.Raw))
		s.t.itemCompleted(w)
		return
	}
	th.push(e)
	if item.IsCall(typ) && it.Get("call_id").Str != "" && (typ != "tool_search_call" || it.Get("execution").Str != "server") {
		s.call(typ, it)
	}
}

// actionOf is a search's action, which session files always have.
func actionOf(it gjson.Result) json.RawMessage {
	a := it.Get("action")
	if !a.IsObject() {
		return json.RawMessage(`{"type":"other"}`)
	}
	return json.RawMessage(a.Raw)
}

func (s *sample) call(typ string, it gjson.Result) {
	c := tools.Call{Item: typ, Namespace: it.Get("namespace").Str, Name: it.Get("name").Str, ID: it.Get("call_id").Str,
		Arguments: it.Get("arguments").Str}
	if typ == "custom_tool_call" {
		c.Arguments = it.Get("input").Str
	}
	s.calls = append(s.calls, s.t.th.tools.Dispatch(s.t.ctx, s.tt, c))
}

// collect waits for the started tools and records their outputs in the order of the
// calls.
func (s *sample) collect() {
	for _, p := range s.calls {
		out := p.Wait()
		if out.Missing {
			continue
		}
		text := s.tt.Limit.Recorded().Cut(out.Text)
		s.t.th.push(item.Item{Raw: item.Output(p.Call.Item, p.Call.ID, text, out.Content)})
	}
	s.calls = nil
}

func (s *sample) completed(r gjson.Result) {
	s.more = r.Get("end_turn").Type == gjson.False
	u := r.Get("usage")
	if !u.IsObject() {
		return
	}
	s.usage = &rollout.Usage{Input: u.Get("input_tokens").Int(), Cached: u.Get("input_tokens_details.cached_tokens").Int(),
		Output: u.Get("output_tokens").Int(), Reasoning: u.Get("output_tokens_details.reasoning_tokens").Int(), Total: u.Get("total_tokens").Int()}
}

type agentMessageEvent struct {
	Type     string                 `json:"type"`
	Message  string                 `json:"message"`
	Phase    *protocol.MessagePhase `json:"phase"`
	Citation *string                `json:"memory_citation"`
}

type textEvent struct {
	Type string `json:"type"`
	Text string `json:"text"`
}
