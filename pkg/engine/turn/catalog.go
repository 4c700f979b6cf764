package turn

import (
	"context"
	"time"
)

// listEvery is how long nothing new is asked about the list of models.
const listEvery = 5 * time.Minute

// listModels has the provider's list of models refreshed while an answer comes, for threads that
// begin later: no request waits for it. etag is what the answer said of the list. A provider
// that does not give one is no matter of this thread's; codex debug models says why.
func (t *liveThread) listModels(ctx context.Context, etag string) {
	if now := t.now(); etag == t.listed.etag && now.Sub(t.listed.at) < listEvery {
		return
	}
	l, err := t.provider().Lister(ctx, t.client, t.opts.Originator, t.opts.UserAgent)
	if err != nil || l == nil {
		return
	}
	t.listed = listed{etag, t.now()}
	t.client.Beside(func(ctx context.Context) { _ = l.Refresh(ctx, etag) })
}

// listed says which list of models was asked about last, and when.
type listed struct {
	etag string
	at   time.Time
}
