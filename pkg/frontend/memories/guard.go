package memories

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/thread"
)

// lookedAt is how many sessions are asked: the newest may just have begun.
const lookedAt = 5

// knownLimits is what the provider said of the account's limits with the latest answer of a
// session, nil where that is not known.
func (u *updater) knownLimits() json.RawMessage {
	files, err := thread.Files(u.home, false)
	if err != nil {
		u.note("%v", err)
	}
	slices.SortFunc(files, func(a, b thread.File) int { return b.Began().Compare(a.Began()) })
	for _, f := range files[:min(lookedAt, len(files))] {
		if l, err := thread.ReadLatest(f.Path); err == nil && len(l.Limits) > 0 {
			return l.Limits
		}
	}
	return nil
}

// enough says whether enough of the limits is left to make memories: what is not known counts
// as enough.
func (u *updater) enough() bool {
	v := gjson.ParseBytes(u.limits)
	if reached := v.Get("rate_limit_reached_type").Str + v.Get("rateLimitReachedType").Str; reached != "" && u.holds(v.Get("primary")) {
		return false
	}
	for _, w := range []string{"primary", "secondary"} {
		if window := v.Get(w); u.holds(window) && used(window) > 100-u.set.MinRemaining {
			return false
		}
	}
	return true
}

// holds says whether a window of a limit is still the same.
func (u *updater) holds(window gjson.Result) bool {
	resets := window.Get("resets_at").Int() + window.Get("resetsAt").Int()
	return window.IsObject() && (resets == 0 || u.Now().Before(time.Unix(resets, 0)))
}

func used(window gjson.Result) float64 {
	return window.Get("used_percent").Float() + window.Get("usedPercent").Float()
}
