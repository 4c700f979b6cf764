package turn

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/tidwall/gjson"

	"codex/pkg/engine/item"
	"codex/pkg/jsonrpc"
	"codex/pkg/responses"
)

// maxCompacted bounds the answer of a provider that compacts.
const maxCompacted = 64 << 20

// errNotCompacted is for a provider that was to compact and answered something else.
var errNotCompacted = errors.New("the answer has no compacted history")

// compactsItself says whether the provider makes a history shorter itself, in a form that it
// alone can read.
func (t *liveThread) compactsItself() bool {
	p := t.provider()
	return len(p.Config.Provider.Command) == 0 && (p.Config.Provider.Name == "OpenAI" || p.Azure())
}

// remotely has the provider compact the history. ok is false where it cannot: a server that
// only looks like it, or one for which the history is too long already or has an image that it
// refuses.
func (t *turn) remotely(before bool) (items []item.Item, ok bool, err error) {
	for renewals := 0; ; {
		items, err = t.askCompact()
		if err == nil || t.ctx.Err() != nil {
			break
		}
		again, failed := t.renewed(err, &renewals)
		if failed != nil {
			return nil, true, failed
		}
		if again {
			continue
		}
		if cannotCompact(err) {
			t.out.warn(t.shown.thread, "The provider does not compact the conversation ("+err.Error()+"): the model summarises it.")
			return nil, false, nil
		}
		return nil, true, notCompacted(err)
	}
	if err != nil {
		return nil, true, err
	}
	if !before {
		fresh, _ := item.Stored(t.th.initialContext(t.th.turnContext(t.id))) // our own are all good
		items = item.WithContext(items, fresh)
	}
	return items, true, nil
}

// notCompacted is an error that ends the turn, in the original's words.
func notCompacted(err error) error {
	const what = "Error running remote compact task: "
	var re *responses.Error
	if !errors.As(err, &re) {
		return fmt.Errorf(what+"%w", err)
	}
	told := *re
	told.Message, told.Retryable = what+re.Message, false
	return &told
}

// cannotCompact says whether the model has to be asked for a summary instead.
func cannotCompact(err error) bool {
	var re *responses.Error
	if !errors.As(err, &re) {
		return errors.Is(err, errNotCompacted)
	}
	switch re.HTTPStatus {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	}
	return re.InvalidImage || re.Kind == "contextWindowExceeded" // which a summary can be made without
}

// askCompact makes one request.
func (t *turn) askCompact() ([]item.Item, error) {
	th := t.th
	r, err := t.compactRequest(item.Normalise(th.history, th.set.model.InputImages))
	if err != nil {
		return nil, err
	}
	b, err := th.client.Post(t.ctx, "/responses/compact", r, maxCompacted)
	if err != nil {
		return nil, err
	}
	if err := jsonrpc.Check(b); err != nil {
		return nil, fmt.Errorf("%w: %w", errNotCompacted, err)
	}
	var raws []json.RawMessage
	for _, it := range gjson.GetBytes(b, "output").Array() {
		raws = append(raws, json.RawMessage(it.Raw))
	}
	items, _ := item.Stored(raws) // what nobody can use was not the provider's to give
	items, ok := item.Outliving(items)
	if !ok {
		return nil, errNotCompacted
	}
	return items, nil
}
