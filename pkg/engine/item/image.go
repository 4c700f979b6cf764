package item

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

const (
	// Omitted stands for an image that the model cannot be shown.
	Omitted      = "An image was here; this model takes none."
	imageInvalid = "Invalid image"
)

// WithoutRefused replaces the images of a history that a provider refused: those that the
// model has not answered to yet, or, where there are none, all. ok is false when there was
// no image.
func WithoutRefused(history []Item) (left []Item, ok bool) {
	from := 0
	for i, e := range history {
		if typ, _ := shape(e.Raw); IsCall(typ) || typ == "reasoning" || typ == "message" && gjson.GetBytes(e.Raw, "role").Str == "assistant" {
			from = i
		}
	}
	left = slices.Clone(history)
	for _, at := range []int{from, 0} {
		for i := at; i < len(left); i++ {
			raw, had := withoutImages(left[i].Raw, imageInvalid)
			left[i].Raw, ok = raw, ok || had
		}
		if ok {
			break
		}
	}
	return left, ok
}

// withoutImages puts a text in the place of each image of an item.
func withoutImages(raw json.RawMessage, text string) (out json.RawMessage, had bool) {
	if !bytes.Contains(raw, []byte(`"input_image"`)) {
		return raw, false
	}
	for _, key := range []string{"content", "output"} {
		list := gjson.GetBytes(raw, key)
		if !list.IsArray() || list.Index == 0 {
			continue
		}
		var parts []string
		list.ForEach(func(_, p gjson.Result) bool {
			part := p.Raw
			if p.Get("type").Str == "input_image" {
				part, had = string(TextPart(text)), true
			}
			parts = append(parts, part)
			return true
		})
		if had {
			return json.RawMessage(string(raw[:list.Index]) + "[" + strings.Join(parts, ",") + "]" + string(raw[list.Index+len(list.Raw):])), true
		}
	}
	return raw, had
}
