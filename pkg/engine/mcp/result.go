package mcp

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"codex/pkg/engine/item"
	"codex/pkg/engine/tools"
	"codex/pkg/jsonrpc"
)

// output is a result as the model gets it.
func output(took time.Duration, raw json.RawMessage, t *tools.Turn) tools.Output {
	head := fmt.Sprintf("Wall time: %.4f seconds\nOutput:", took.Seconds())
	r := gjson.ParseBytes(raw)
	if s := r.Get("structuredContent"); s.Exists() && s.Type != gjson.Null {
		return tools.Output{Text: head + "\n" + compact(s.Raw)}
	}
	blocks := r.Get("content").Array()
	if slices.ContainsFunc(blocks, func(b gjson.Result) bool { return b.Get("type").Str == "image" }) {
		return images(head, blocks, t)
	}
	content := cmp.Or(r.Get("content").Raw, "[]")
	return tools.Output{Text: head + "\n" + compact(content)}
}

// images is a result with an image in it: a list of items.
func images(head string, blocks []gjson.Result, t *tools.Turn) tools.Output {
	items := []json.RawMessage{item.TextPart(head)}
	limit := t.Limit.Recorded()
	for _, b := range blocks {
		switch b.Get("type").Str {
		case "text":
			items = append(items, item.TextPart(limit.Cut(b.Get("text").Str)))
		case "image":
			if !t.Model.InputImages {
				items = append(items, item.TextPart(item.Omitted))
				continue
			}
			items = append(items, image(b))
		default:
			items = append(items, item.TextPart(limit.Cut(compact(b.Raw))))
		}
	}
	return tools.Output{Content: tools.Array(items)}
}

// image is an image block. Only its own bytes are taken: no address is ever fetched.
func image(b gjson.Result) json.RawMessage {
	url := b.Get("data").Str
	if !strings.HasPrefix(url, "data:") {
		mime := cmp.Or(b.Get("mimeType").Str, "application/octet-stream")
		url = "data:" + mime + ";base64," + url
	}
	detail := b.Get("_meta.codex/imageDetail").Str
	switch detail {
	case "auto", "low", "high":
	default:
		detail = "high"
	}
	return item.ImagePart(url, detail)
}

// compact is JSON without the blanks between its tokens.
func compact(raw string) string { return string(item.Minify(json.RawMessage(raw))) }

// failure is an error as the result of a call.
func failure(err error) json.RawMessage {
	return textResult(err.Error(), false)
}

// textResult is a result that is one text.
func textResult(text string, failed bool) json.RawMessage {
	raw := fmt.Appendf(nil, `{"content":[{"type":"text","text":%s}]`, jsonrpc.Quote(text))
	if failed {
		raw = append(raw, `,"isError":true`...)
	}
	return append(raw, '}')
}

// shortened is a large result as people see it: the beginning of its JSON as one text.
func shortened(raw json.RawMessage) json.RawMessage {
	head := string(raw[:maxShown/2])
	for len(head) > 0 && !utf8.ValidString(head[max(0, len(head)-4):]) {
		head = head[:len(head)-1]
	}
	return textResult(fmt.Sprintf("%s…%d bytes truncated…", head, len(raw)-len(head)), gjson.GetBytes(raw, "isError").Bool())
}
