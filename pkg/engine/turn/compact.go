package turn

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"codex/pkg/engine/instructions"
	"codex/pkg/protocol"
	"codex/pkg/responses"
	"codex/pkg/rollout"
)

// keptUserTokens bounds the user messages that survive a compaction (turn spec §3.6).
const keptUserTokens = 20000

// mustCompact says whether the context is as full as it may get.
func (t *liveThread) mustCompact() bool {
	limit := t.set.model.ContextWindow * 9 / 10
	if n := t.cfg.AutoCompactLimit; n > 0 && (n < limit || limit == 0) {
		limit = n
	}
	return limit > 0 && t.tokens.Last.Total >= limit
}

// compact replaces the history by the user's messages and a summary that the model
// writes. Before a turn the next context message follows the summary; in the middle of
// one the context goes before the last user message.
func (t *turn) compact(before bool) error {
	th := t.th
	item := &protocol.ContextCompactionItem{Type: protocol.ItemContextCompaction, ID: uuid.NewString()}
	t.itemStarted(item)
	summary, err := t.summarise()
	if err != nil {
		return err
	}
	text := instructions.CompactPrefix + "\n" + summary
	users := keptUsers(th.history)
	var fresh []json.RawMessage
	if !before {
		fresh = th.initialContext(th.turnContext(t.id))
	}
	var items []json.RawMessage
	for i, u := range users {
		if i == len(users)-1 {
			items = append(items, fresh...)
		}
		items = append(items, u)
	}
	if len(users) == 0 {
		items = append(items, fresh...)
	}
	items = append(items, message("user", text))
	th.history = th.history[:0:0]
	var bytes int64
	for _, raw := range items {
		th.history = append(th.history, entry{raw: raw})
		bytes += int64(len(raw))
	}
	th.window++
	th.record(rollout.Entry{Type: rollout.TypeCompacted, Payload: rollout.Compacted{Message: text, ReplacementHistory: items}})
	if before {
		th.baseline = nil
	} else {
		th.record(rollout.Entry{Type: rollout.TypeTurnContext, Payload: th.turnContext(t.id)})
	}
	th.tokens.Last = rollout.Usage{Total: (bytes + int64(len(th.base)) + 3) / 4}
	t.tokenCount()
	th.record(event(map[string]string{"type": "context_compacted"}))
	t.itemCompleted(item)
	t.warn("The conversation was compacted: the model goes on from a summary and may miss details. For another task, start a new thread.")
	return nil
}

// summarise asks for the hand-over: the whole history, no tools. Every error is tried
// again; a full context drops its oldest item.
func (t *turn) summarise() (string, error) {
	th := t.th
	prompt := th.cfg.CompactPrompt
	if prompt == "" {
		prompt = instructions.CompactPrompt
	}
	items := append(normalized(th.history, th.set.model.InputImages), entry{raw: message("user", prompt)})
	retries := th.cfg.Provider.StreamMaxRetries
	for n := 1; ; {
		text, usage, err := t.ask1(items)
		if usage != nil {
			th.tokens.Total = th.tokens.Total.Add(*usage)
			th.tokens.Last = *usage
			th.haveTokens = true
			t.tokenCount()
		}
		if err == nil || t.ctx.Err() != nil {
			return text, err
		}
		var re *responses.Error
		if errors.As(err, &re) && re.Kind == "contextWindowExceeded" && len(items) > 2 {
			items = normalized(items[1:], th.set.model.InputImages)
			continue
		}
		if n > retries {
			return "", err
		}
		if re != nil {
			t.retrying(n, retries, re)
		}
		if err := th.opts.Sleep(t.ctx, responses.Backoff(n, th.opts.Rand)); err != nil {
			return "", err
		}
		n++
	}
}

// ask1 makes one request without tools and gives the last assistant text.
func (t *turn) ask1(items []entry) (text string, usage *rollout.Usage, err error) {
	th := t.th
	h, err := th.headers(t.id, t.start*1000)
	if err != nil {
		return "", nil, err
	}
	body, err := th.body(items, true)
	if err != nil {
		return "", nil, err
	}
	s := &sample{t: t}
	err = th.client.Stream(t.ctx, responses.Request{Body: body, Header: h}, s.meta, func(e responses.Event) error {
		switch e.Type {
		case "response.output_item.done":
			item := gjson.GetBytes(e.Data, "item")
			if item.Get("type").Str == "message" {
				if m := messageText(item); m != "" {
					text = m
				}
			}
		case "response.completed":
			s.completed(gjson.GetBytes(e.Data, "response"))
		}
		return nil
	})
	return text, s.usage, err
}

// keptUsers are the user's own messages, the newest first up to the bound, the last of
// them cut in the middle; context messages and earlier summaries are not the user's.
func keptUsers(history []entry) []json.RawMessage {
	budget := keptUserTokens * 4
	var kept []json.RawMessage
	for i := len(history) - 1; i >= 0 && budget > 0; i-- {
		item := gjson.ParseBytes(history[i].raw)
		if item.Get("type").Str != "message" || item.Get("role").Str != "user" {
			continue
		}
		text := userText(item)
		if isContext(text) || text == "" {
			continue
		}
		raw := message("user", text)
		if len(text) > budget {
			half := budget / 2
			raw = message("user", strings.ToValidUTF8(text[:half], "")+"…"+strings.ToValidUTF8(text[len(text)-half:], ""))
		}
		budget -= len(text)
		kept = append([]json.RawMessage{raw}, kept...)
	}
	return kept
}

// userText is what the user wrote in a message: images and the marks around them go.
func userText(item gjson.Result) string {
	parts := item.Get("content").Array()
	image := func(i int) bool { return i >= 0 && i < len(parts) && parts[i].Get("type").Str == "input_image" }
	var texts []string
	for i, p := range parts {
		text := p.Get("text").Str
		if p.Get("type").Str == "input_text" && !(strings.HasPrefix(text, "<image") && image(i+1)) && !(text == "</image>" && image(i-1)) {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "\n")
}

func isContext(text string) bool {
	for _, p := range []string{"<environment_context>", "# AGENTS.md instructions for ", "<turn_aborted>", "<skill>", "<user_shell_command>", "<user_action>", instructions.CompactPrefix} {
		if strings.HasPrefix(text, p) {
			return true
		}
	}
	return false
}
