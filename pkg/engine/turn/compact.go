package turn

import (
	"cmp"
	"encoding/json"
	"errors"
	"strings"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"codex/pkg/engine/instructions"
	"codex/pkg/engine/item"
	"codex/pkg/hooks"
	"codex/pkg/protocol"
	"codex/pkg/responses"
	"codex/pkg/rollout"
)

// mustCompact says whether the context is as full as it may get.
func (t *liveThread) mustCompact() bool {
	limit := t.set.model.AutoCompactLimit(t.cfg.AutoCompactLimit)
	return limit > 0 && t.tokens.Last.Total >= limit
}

// compact replaces the history by the user's messages and a summary that the model
// writes. Before a turn the next context message follows the summary; in the middle of
// one the context goes before the last user message.
func (t *turn) compact(before bool) error {
	th := t.th
	if err := t.compactHooks(hooks.PreCompact); err != nil {
		return err
	}
	shown := &protocol.ContextCompactionItem{Type: protocol.ItemContextCompaction, ID: uuid.NewString()}
	t.itemStarted(shown)
	history, text, err := t.shorter(before)
	if err != nil {
		return err
	}
	var bytes int64
	for _, e := range history {
		bytes += int64(len(e.Raw))
	}
	th.replaceHistory(history, text)
	if before {
		th.baseline = nil
	} else {
		th.recordContext(th.turnContext(t.id))
	}
	th.tokens.Last = rollout.Usage{Total: (bytes + int64(len(th.base)) + 3) / 4}
	t.tokenCount()
	th.record(event(map[string]string{"type": "context_compacted"}))
	t.itemCompleted(shown)
	t.warn("The conversation was compacted: the model goes on from a summary and may miss details. For another task, start a new thread.")
	return t.compactHooks(hooks.PostCompact)
}

// shorter makes the history that takes the old one's place: the provider's own, where it has
// such, else the user's messages and a summary, which it gives as well.
func (t *turn) shorter(before bool) (history []item.Item, summary string, err error) {
	th := t.th
	if th.compactsItself() {
		if items, ok, err := t.remotely(before); ok {
			return items, "", err
		}
	}
	summary, err = t.summarise()
	if err != nil {
		return nil, "", err
	}
	summary = instructions.CompactPrefix + "\n" + summary
	var fresh []json.RawMessage
	if !before {
		fresh = th.initialContext(th.turnContext(t.id))
	}
	for _, raw := range item.Compact(th.history, summary, fresh) {
		history = append(history, item.Item{Raw: raw})
	}
	return history, summary, nil
}

// summarise asks for the hand-over: the whole history, no tools. Every error is tried
// again; a full context drops its oldest item.
func (t *turn) summarise() (string, error) {
	th := t.th
	prompt := cmp.Or(th.cfg.CompactPrompt, instructions.CompactPrompt)
	items := append(item.Normalise(th.history, th.set.model.InputImages), item.Item{Raw: item.Message("user", prompt)})
	retries, renewals := th.cfg.Provider.StreamMaxRetries, 0
	for n := 1; ; {
		text, usage, err := t.ask1(items)
		if usage != nil {
			t.used(usage)
			t.tokenCount()
		}
		if err == nil || t.ctx.Err() != nil {
			return text, err
		}
		again, failed := t.renewed(err, &renewals)
		if failed != nil {
			return "", failed
		}
		if again {
			continue
		}
		var re *responses.Error
		if errors.As(err, &re) && re.Kind == "contextWindowExceeded" && len(items) > 2 {
			items = item.Normalise(items[1:], th.set.model.InputImages)
			continue
		}
		if re != nil && re.InvalidImage {
			if left, ok := item.WithoutRefused(items); ok {
				items = left // only texts outlive this
				continue
			}
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

// errNoSummary is for a model that has nothing to say of the history: it stays.
var errNoSummary = errors.New("the model wrote no summary of the conversation")

// ask1 makes one request without tools and gives the last assistant text.
func (t *turn) ask1(items []item.Item) (text string, usage *rollout.Usage, err error) {
	r, err := t.request(items, false)
	if err != nil {
		return "", nil, err
	}
	s := &sample{t: t}
	err = t.th.client.Stream(t.ctx, r, s.meta, func(e responses.Event) error {
		switch e.Type {
		case "response.output_item.done":
			it := e.Item
			if it.Get("type").Str == "message" {
				if m := item.Text(it); m != "" {
					text = m
				}
			}
		case "response.completed":
			s.completed(gjson.GetBytes(e.Data, "response"))
		}
		return nil
	})
	if err == nil && strings.TrimSpace(text) == "" {
		err = errNoSummary
	}
	return text, s.usage, err
}

// replaceHistory puts another history in the place of the thread's, in the session file
// too.
func (t *liveThread) replaceHistory(items []item.Item, message string) {
	raws := make([]json.RawMessage, len(items))
	for i, e := range items {
		raws[i] = e.Raw
	}
	t.history = items
	t.window++
	t.record(rollout.Entry{Type: rollout.TypeCompacted, Payload: rollout.Compacted{Message: message, ReplacementHistory: raws}})
}

// replaceImages puts a text in the place of the images that a provider refused, for good:
// with them in the history the thread could never go on. It says whether there were any.
func (t *turn) replaceImages(why string) bool {
	th := t.th
	left, ok := item.WithoutRefused(th.history)
	if !ok {
		return false
	}
	th.replaceHistory(left, "")
	th.recordContext(th.turnContext(t.id))
	t.again("The provider refused an image: a text takes its place.", why, &protocol.CodexErrorInfo{Kind: responses.KindBadRequest})
	return true
}
