package item

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

// Stored lets the items of a session file into a history. What can't be kept is left out;
// left says why, but for items of types that only others know.
func Stored(raws []json.RawMessage) (items []Item, left []error) {
	items = make([]Item, 0, len(raws))
	for _, raw := range raws {
		if !utf8.Valid(raw) { // else it would be copied for nothing
			raw = bytes.ToValidUTF8(raw, []byte("\ufffd"))
		}
		err := jsonrpc.Check(raw)
		if err == nil {
			var e Item
			if e, err = Admit(gjson.ParseBytes(raw), NewCallID); err == nil {
				items = append(items, e)
			}
		}
		if err != nil && !errors.Is(err, ErrUnknown) {
			left = append(left, err)
		}
	}
	return items, left
}
