package turn

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/engine/agents"
	"codex/pkg/engine/item"
	"codex/pkg/engine/tools"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/responses"
	"codex/pkg/rollout"
)

// sample is one sampling request and what came of it.
type sample struct {
	t       *turn
	tt      *tools.Turn
	active  string  // id of the item that deltas belong to
	open    []begun // announced, not complete
	calls   []*tools.Pending
	text    string // last non-empty assistant text
	usage   *rollout.Usage
	more    bool // end_turn:false
	saw     bool // the first token has come
	firstMs int64
	begun   time.Time
	seen    int    // items of this attempt that are kept
	unknown string // type of one that isn't
	opened  bool   // a stream came of this attempt
	plan    *planMessage
	cites   item.Citations // of the message that comes
}

// begun is an item that clients were told of: under an id of ours where the model's was
// had before, since some count from 1 in each response.
type begun struct{ id, theirs, typ string }

// run sends the history and follows the stream until the response is complete, with the
// visible retries of the stream layer. A refused image is replaced, and the request made
// again. Tools that the response calls are running when it returns.
func (s *sample) run(ctx context.Context) error {
	th := s.t.th
	retries, renewals := th.cfg.Provider.StreamMaxRetries, 0
	for n := 1; ; n++ {
		err := s.attempt(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		again, failed := s.t.renewed(err, &renewals)
		if failed != nil {
			return failed
		}
		if again {
			n--
			continue
		}
		var re *responses.Error
		if !errors.As(err, &re) {
			return err
		}
		if re.InvalidImage && s.t.replaceImages(re.Reason) {
			n--
			continue
		}
		if !re.Retryable || n > retries {
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
	items := item.Normalise(th.history, th.set.model.InputImages)
	if th.opts.PromptInput {
		s.tell(items)
		return nil
	}
	r, err := s.t.request(items, true)
	if err != nil {
		return err
	}
	s.active, s.open, s.seen, s.unknown, s.opened, s.plan, s.cites = "", nil, 0, "", false, nil, item.Citations{}
	return th.client.Stream(ctx, r, s.meta, s.event)
}

// tell says what the model would be sent.
func (s *sample) tell(items []item.Item) {
	n := protocol.PromptInputNotification{ThreadID: s.t.shown.thread, TurnID: s.t.shown.turn}
	for _, it := range items {
		n.Input = append(n.Input, it.Raw)
	}
	s.t.out.notify(protocol.NotePromptInput, n)
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
	th.listModels(s.t.ctx, m.ModelsETag)
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
	switch e.Type {
	case "response.output_text.delta":
		s.token()
		switch {
		case s.t.outer != nil: // what a reviewer writes is not for people yet
		case s.plan != nil:
			s.plan.delta(s.cites.Feed(gjson.GetBytes(e.Data, "delta").Str))
		default:
			s.messageDelta(e.Data)
		}
	case "response.reasoning_summary_text.delta":
		s.token()
		s.delta(noteReasoningDelta, e.Data, "summary_index")
	case "response.reasoning_text.delta":
		s.token()
		s.delta(noteRawReasoningDelta, e.Data, "content_index")
	case "response.reasoning_summary_part.added":
		if s.active != "" {
			s.t.out.notify(protocol.NoteItemReasoningSummaryPartAdded, protocol.ReasoningSummaryPartAddedNotification{ThreadID: s.t.shown.thread,
				TurnID: s.t.shown.turn, ItemID: s.active, SummaryIndex: gjson.GetBytes(e.Data, "summary_index").Int()})
		}
	case "response.output_item.added":
		s.added(gjson.GetBytes(e.Data, "item"))
	case "response.output_item.done":
		return s.done(e.Item)
	case "response.completed":
		s.completed(gjson.GetBytes(e.Data, "response"))
		if s.seen == 0 && s.unknown != "" {
			return unusable(fmt.Errorf("nothing but an item of type %s, which is not known here", shorten(s.unknown)))
		}
	case "response.incomplete":
		s.completed(gjson.GetBytes(e.Data, "response"))
	}
	return nil
}

// unusable is for an answer that can't be taken for one.
func unusable(why error) error {
	return &responses.Error{Message: "The model's answer has " + why.Error() + ".", Kind: responses.KindOther, Err: why}
}

// token notes when the model wrote its first.
func (s *sample) token() {
	if !s.saw {
		s.saw, s.firstMs = true, time.Since(s.begun).Milliseconds()
	}
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
	buf = append(buf, jsonrpc.Quote(s.active)...)
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
		b := begun{theirs: it.Get("id").Str, typ: typ}
		b.id = s.t.th.unusedID(b.theirs)
		s.open = append(s.open, b)
		s.active = b.id
		if typ == "message" && s.planning() {
			s.plan = &planMessage{s: s, id: b.id, phase: item.Phase(it)}
			return
		}
		s.begin(b.id, it)
	}
}

// ended gives the id of an item that is complete, and whether it was announced.
func (s *sample) ended(typ, theirs string) (id string, announced bool) {
	for i, b := range s.open {
		if b.typ == typ && (b.theirs == theirs || b.theirs == "" || theirs == "") {
			s.open = slices.Delete(s.open, i, i+1)
			return b.id, true
		}
	}
	return s.t.th.unusedID(theirs), false
}

// planning says whether messages may hold a plan.
func (s *sample) planning() bool { return s.t.th.set.collab.plan && s.t.outer == nil }

func (s *sample) begin(id string, it gjson.Result) {
	switch it.Get("type").Str {
	case "message":
		text, _ := item.Cited(item.Text(it))
		s.t.itemStarted(&protocol.AgentMessageItem{Type: protocol.ItemAgentMessage, ID: id, Text: text, Phase: item.Phase(it)})
	case "reasoning":
		s.t.itemStarted(item.Reasoning(id, it, it.Get("content")))
	case "web_search_call":
		s.t.itemStarted(item.WebSearch(id, it))
	}
}

// done records a complete item, and starts the tool it calls while the stream goes on.
// What it is, is what the history takes it for.
func (s *sample) done(it gjson.Result) error {
	typ := it.Get("type").Str
	e, err := item.Admit(it, item.NewCallID)
	switch {
	case errors.Is(err, item.ErrUnknown) || strings.HasSuffix(typ, "_output"):
		s.unknown = typ // a tool of the provider's has answered itself
		return nil
	case err != nil:
		return unusable(err)
	}
	s.seen++
	th, theirs, reasoning := s.t.th, it.Get("id").Str, it.Get("content")
	it = e.Parsed()
	if typ = it.Get("type").Str; typ != "message" {
		s.token()
	}
	if typ == "message" && it.Get("role").Str != "assistant" {
		th.push(e) // something the server put in; nobody's answer
		return nil
	}
	if item.IsCall(typ) {
		s.call(e)
		return nil
	}
	id, announced := s.ended(typ, theirs)
	if typ == "message" {
		s.endCitations()
	}
	if typ == "message" && s.planning() {
		s.proposed(id, it, e)
		return nil
	}
	if !announced {
		s.begin(id, it)
	}
	s.active = ""
	s.record(id, typ, it, reasoning, e)
	return nil
}

// record puts an item that calls nothing into the history, and shows it.
func (s *sample) record(id, typ string, it, reasoning gjson.Result, e item.Item) {
	th := s.t.th
	switch typ {
	case "message":
		text, cited := item.Cited(item.Text(it))
		if text != "" {
			s.token()
		}
		th.cited(cited)
		if strings.TrimSpace(text) != "" {
			s.text = text
		}
		th.history = append(th.history, e)
		th.record(event(agentMessageEvent{"agent_message", text, item.Phase(it), recordedCitation(cited)}), responseItem(e.Raw))
		if s.t.outer == nil {
			s.t.itemCompleted(&protocol.AgentMessageItem{Type: protocol.ItemAgentMessage, ID: id, Text: text, Phase: item.Phase(it), MemoryCitation: cited})
		}
		return
	case "reasoning":
		r := item.Reasoning(id, it, reasoning)
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
}

// actionOf is a search's action, which session files always have.
func actionOf(it gjson.Result) json.RawMessage {
	a := it.Get("action")
	if !a.IsObject() {
		return json.RawMessage(`{"type":"other"}`)
	}
	return json.RawMessage(a.Raw)
}

// call records a call and starts it. Clients know it by its id, so one that was had
// before gets another.
func (s *sample) call(e item.Item) {
	th := s.t.th
	s.active = ""
	if id := gjson.GetBytes(e.Raw, "call_id").Str; id != "" {
		if unused := th.unusedID(id); unused != id {
			e = item.WithCallID(e, unused)
		}
	}
	th.push(e)
	it := e.Parsed()
	c := tools.Call{Item: it.Get("type").Str, Namespace: it.Get("namespace").Str, Name: it.Get("name").Str, ID: it.Get("call_id").Str,
		Arguments: it.Get("arguments").Str}
	if c.Item == "custom_tool_call" {
		c.Arguments = it.Get("input").Str
	}
	if c.Item == "tool_search_call" {
		c.Arguments = it.Get("arguments").Raw
	}
	if c.Name == agents.Spawn {
		c.History = th.settled()
	}
	if c.ID != "" && (c.Item != "tool_search_call" || it.Get("execution").Str != "server") {
		th.tell.called(c)
		s.calls = append(s.calls, th.tools.Dispatch(s.t.ctx, s.tt, c))
	}
}

// collect waits for the started tools and records their outputs in the order of the
// calls.
func (s *sample) collect() {
	for _, p := range s.calls {
		out := p.Wait()
		s.t.th.tell.result(p, out)
		if out.Failed {
			s.t.out.notify(protocol.NoteToolCallFailed, protocol.ToolCallFailedNotification{ThreadID: s.t.shown.thread, TurnID: s.t.shown.turn,
				CallID: p.Call.ID, Tool: p.Call.Tool(), Message: cmp.Or(out.Why, out.Text)})
		}
		s.t.tellModel(out.Contexts)
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
	// A server's numbers may be anything; sums of these stay numbers.
	tokens := func(path, other string) int64 { // another API has other names
		n := u.Get(path)
		if !n.Exists() {
			n = u.Get(other)
		}
		return min(max(n.Int(), 0), 1<<40)
	}
	s.usage = &rollout.Usage{Input: tokens("input_tokens", "prompt_tokens"), Cached: tokens("input_tokens_details.cached_tokens", "prompt_tokens_details.cached_tokens"),
		Output:    tokens("output_tokens", "completion_tokens"),
		Reasoning: tokens("output_tokens_details.reasoning_tokens", "completion_tokens_details.reasoning_tokens"), Total: tokens("total_tokens", "total_tokens"),
		Written: tokens("input_tokens_details.cache_write_tokens", "prompt_tokens_details.cache_write_tokens")}
	if s.usage.Total == 0 {
		s.usage.Total = s.usage.Input + s.usage.Output
	}
}

type agentMessageEvent struct {
	Type     string                 `json:"type"`
	Message  string                 `json:"message"`
	Phase    *protocol.MessagePhase `json:"phase"`
	Citation *citation              `json:"memory_citation"`
}

type textEvent struct {
	Type string `json:"type"`
	Text string `json:"text"`
}
