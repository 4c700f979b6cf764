package mcp

import (
	"bytes"
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
	items := []any{text(head)}
	limit := t.Limit.Recorded()
	for _, b := range blocks {
		switch b.Get("type").Str {
		case "text":
			items = append(items, text(limit.Cut(b.Get("text").Str)))
		case "image":
			if !t.Model.InputImages {
				items = append(items, text(item.Omitted))
				continue
			}
			items = append(items, image(b))
		default:
			items = append(items, text(limit.Cut(compact(b.Raw))))
		}
	}
	raw, err := jsonrpc.Marshal(items)
	if err != nil {
		return tools.Output{Text: head + "\n" + err.Error()}
	}
	return tools.Output{Content: raw}
}

type textItem struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

func text(s string) textItem { return textItem{"input_text", s} }

type imageItem struct {
	Type   string `json:"type"`
	URL    string `json:"image_url"`
	Detail string `json:"detail"`
}

// image is an image block. Only its own bytes are taken: no address is ever fetched.
func image(b gjson.Result) imageItem {
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
	return imageItem{"input_image", url, detail}
}

// compact is JSON without the blanks between its tokens.
func compact(raw string) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(raw)) != nil { // it has passed Check
		return raw
	}
	return b.String()
}

// failure is an error as the result of a call.
func failure(err error) json.RawMessage {
	return textResult(err.Error(), false)
}

// textResult is a result that is one text.
func textResult(text string, failed bool) json.RawMessage {
	r := struct {
		Content []textItem `json:"content"`
		IsError bool       `json:"isError,omitempty"`
	}{[]textItem{{"text", text}}, failed}
	raw, err := jsonrpc.Marshal(r)
	if err != nil { // a text can always be encoded
		return json.RawMessage(`{"content":[]}`)
	}
	return raw
}

// shortened is a large result as people see it: the beginning of its JSON as one text.
func shortened(raw json.RawMessage) json.RawMessage {
	head := string(raw[:maxShown/2])
	for len(head) > 0 && !utf8.ValidString(head[max(0, len(head)-4):]) {
		head = head[:len(head)-1]
	}
	return textResult(fmt.Sprintf("%s…%d bytes truncated…", head, len(raw)-len(head)), gjson.GetBytes(raw, "isError").Bool())
}
