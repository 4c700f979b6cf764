package item

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
)

// Text joins the texts of a message item.
func Text(item gjson.Result) string {
	content := item.Get("content")
	if content.Type == gjson.String {
		return content.Str
	}
	var b strings.Builder
	content.ForEach(func(_, p gjson.Result) bool {
		switch p.Get("type").Str {
		case "output_text", "input_text":
			b.WriteString(p.Get("text").Str)
		case "refusal":
			b.WriteString(p.Get("refusal").Str)
		}
		return true
	})
	return b.String()
}

// Message makes a message item of text parts.
func Message(role string, texts ...string) json.RawMessage {
	parts := make([]json.RawMessage, len(texts))
	for i, t := range texts {
		parts[i] = TextPart(t)
	}
	return MessageOf(role, parts)
}

// MessageOf makes a message item of any parts.
func MessageOf(role string, parts []json.RawMessage) json.RawMessage {
	var b Object
	b.Str("type", "message")
	b.Str("role", role)
	b.name("content")
	b.WriteByte('[')
	for i, p := range parts {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(p)
	}
	b.WriteByte(']')
	return b.End()
}

// TextPart is a text that the model reads.
func TextPart(t string) json.RawMessage {
	var b Object
	b.Str("type", "input_text")
	b.Str("text", t)
	return b.End()
}

// ImagePart is an image that the model looks at.
func ImagePart(url, detail string) json.RawMessage {
	var b Object
	b.Str("type", "input_image")
	b.Str("image_url", url)
	b.Str("detail", detail)
	return b.End()
}

// Assistant makes a message that the model is to take for its own.
func Assistant(text string) json.RawMessage {
	var part Object
	part.Str("type", "output_text")
	part.Str("text", text)
	return MessageOf("assistant", []json.RawMessage{part.End()})
}

// Image is an image between the marks that name it.
func Image(n int, url, detail string) []json.RawMessage {
	return []json.RawMessage{TextPart(fmt.Sprintf("<image name=[Image #%d]>", n)), ImagePart(url, detail), TextPart("</image>")}
}
