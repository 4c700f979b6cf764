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

	"codex/pkg/engine/tools"
	"codex/pkg/protocol"
	"codex/pkg/responses"
	"codex/pkg/rollout"
)

// sample is one sampling request and what came of it.
type sample struct {
	t       *turn
	tt      *tools.Turn
	active  string // item id that deltas belong to
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
	prose   *prose
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
	h, err := th.headers(s.t.id, s.t.start*1000)
	if err != nil {
		return err
	}
	body, err := th.body(normalized(th.history, th.set.model.InputImages), false)
	if err != nil {
		return err
	}
	s.active, s.started, s.seen, s.opened, s.prose = "", map[string]bool{}, 0, false, nil
	return th.client.Stream(ctx, responses.Request{Body: body, Header: h}, s.meta, s.event)
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
		case s.prose != nil:
			s.prose.delta(gjson.GetBytes(e.Data, "delta").Str)
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
		item := gjson.GetBytes(e.Data, "item")
		return item.Get("type").Str != "message" || messageText(item) != ""
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
	buf = append(buf, quoteJSON(s.active)...)
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
func (s *sample) added(item gjson.Result) {
	switch typ := item.Get("type").Str; typ {
	case "message", "reasoning", "web_search_call":
		id := itemID(item)
		s.active = id
		if typ == "message" && s.planning() {
			s.prose = &prose{s: s, id: id, phase: phase(item)}
			return
		}
		s.begin(id, item)
	}
}

// planning says whether messages may hold a plan.
func (s *sample) planning() bool { return s.t.th.set.collab.plan && s.t.outer == nil }

func (s *sample) begin(id string, item gjson.Result) {
	s.started[id] = true
	switch item.Get("type").Str {
	case "message":
		s.t.itemStarted(&protocol.AgentMessageItem{Type: protocol.ItemAgentMessage, ID: id, Text: messageText(item), Phase: phase(item)})
	case "reasoning":
		s.t.itemStarted(reasoningItem(id, item))
	case "web_search_call":
		s.t.itemStarted(webItem(id, item))
	}
}

func itemID(item gjson.Result) string {
	if id := item.Get("id").Str; id != "" {
		return id
	}
	return uuid.NewString()
}

func phase(item gjson.Result) *protocol.MessagePhase {
	p := protocol.MessagePhase(item.Get("phase").Str)
	if p == "" {
		return nil
	}
	return &p
}

func reasoningItem(id string, item gjson.Result) *protocol.ReasoningItem {
	r := &protocol.ReasoningItem{Type: protocol.ItemReasoning, ID: id}
	for _, p := range item.Get("summary").Array() {
		r.Summary = append(r.Summary, p.Get("text").Str)
	}
	for _, p := range item.Get("content").Array() {
		r.Content = append(r.Content, p.Get("text").Str)
	}
	return r
}

func webItem(id string, item gjson.Result) *protocol.WebSearchItem {
	w := &protocol.WebSearchItem{Type: protocol.ItemWebSearch, ID: id}
	a := item.Get("action")
	if !a.Exists() {
		return w
	}
	str := func(k string) *string {
		if v := a.Get(k); v.Type == gjson.String {
			return &v.Str
		}
		return nil
	}
	w.Action = &protocol.WebSearchAction{Query: str("query"), URL: str("url"), Pattern: str("pattern")}
	for _, q := range a.Get("queries").Array() {
		w.Action.Queries = append(w.Action.Queries, q.Str)
	}
	switch a.Get("type").Str {
	case "search":
		w.Action.Type = protocol.WebSearchActionSearch
		w.Query = a.Get("query").Str
		if w.Query == "" && len(w.Action.Queries) > 0 {
			w.Query = w.Action.Queries[0]
			if len(w.Action.Queries) > 1 {
				w.Query += " ..."
			}
		}
	case "open_page":
		w.Action.Type = protocol.WebSearchActionOpenPage
		w.Query = a.Get("url").Str
	case "find_in_page":
		w.Action.Type = protocol.WebSearchActionFindInPage
		switch pattern, url := a.Get("pattern").Str, a.Get("url").Str; {
		case pattern == "":
			w.Query = url
		case url == "":
			w.Query = "'" + pattern + "'"
		default:
			w.Query = fmt.Sprintf("'%s' in %s", pattern, url)
		}
	default:
		w.Action.Type = protocol.WebSearchActionOther
	}
	return w
}

// done records a complete item, and starts the tool it calls while the stream goes on.
func (s *sample) done(item gjson.Result) {
	e, ok := replayed(item)
	if !ok {
		return
	}
	s.seen++
	th, id, typ := s.t.th, itemID(item), item.Get("type").Str
	if role := item.Get("role").Str; typ == "message" && role != "assistant" && role != "" {
		th.push(e) // something the server put in; nobody's answer
		return
	}
	if typ == "message" && s.planning() {
		s.proposed(id, item, e)
		return
	}
	if !s.started[id] {
		s.begin(id, item)
	}
	s.active = ""
	switch typ {
	case "message":
		text := messageText(item)
		if strings.TrimSpace(text) != "" {
			s.text = text
		}
		th.history = append(th.history, e)
		th.record(event(agentMessageEvent{"agent_message", text, phase(item), nil}), responseItem(e.raw))
		if s.t.outer == nil {
			s.t.itemCompleted(&protocol.AgentMessageItem{Type: protocol.ItemAgentMessage, ID: id, Text: text, Phase: phase(item)})
		}
		return
	case "reasoning":
		r := reasoningItem(id, item)
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
		th.record(append(entries, responseItem(e.raw))...)
		if s.t.outer != nil {
			s.t.outer.th.record(entries...)
		}
		s.t.itemCompleted(r)
		return
	case "web_search_call":
		w := webItem(id, item)
		th.history = append(th.history, e)
		th.record(event(map[string]any{"type": "web_search_end", "call_id": id, "query": w.Query, "action": actionOf(item)}), responseItem(e.raw))
		s.t.itemCompleted(w)
		return
	}
	th.push(e)
	if isCall(typ) && item.Get("call_id").Str != "" && (typ != "tool_search_call" || item.Get("execution").Str != "server") {
		s.call(typ, item)
	}
}

// actionOf is a search's action, which session files always have.
func actionOf(item gjson.Result) json.RawMessage {
	a := item.Get("action")
	if !a.IsObject() {
		return json.RawMessage(`{"type":"other"}`)
	}
	return json.RawMessage(a.Raw)
}

func (s *sample) call(typ string, item gjson.Result) {
	c := tools.Call{Item: typ, Namespace: item.Get("namespace").Str, Name: item.Get("name").Str, ID: item.Get("call_id").Str,
		Arguments: item.Get("arguments").Str}
	if typ == "custom_tool_call" {
		c.Arguments = item.Get("input").Str
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
		s.t.th.push(entry{raw: outputItem(p.Call.Item, p.Call.ID, text, out.Content)})
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
