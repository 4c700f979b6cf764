package cells

import (
	"encoding/json"

	"github.com/tidwall/gjson"

	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// blockRows is how many rows the chat shows of each block that a tool gave back.
const blockRows = 5

// toolCall is a call of a tool, whoever runs it.
type toolCall struct {
	name            string
	arguments       json.RawMessage
	running, failed bool
	results         []string
	fault           string
}

// mcpToolCall draws a call of a tool of an MCP server.
func mcpToolCall(e Entry, width int, t *text.Theme) []text.Line {
	item, ok := e.Item.(*protocol.McpToolCallItem)
	if !ok {
		return nil
	}
	c := toolCall{
		name: item.Server + "." + item.Tool, arguments: item.Arguments,
		running: item.Status == protocol.McpToolCallStatusInProgress, failed: item.Status == protocol.McpToolCallStatusFailed,
	}
	if item.Result != nil {
		for _, block := range item.Result.Content {
			c.results = append(c.results, content(block))
		}
	}
	if item.Error != nil {
		c.fault = item.Error.Message
	}
	return c.draw(e, width, t)
}

// content is what a content block of a tool's result says.
func content(block json.RawMessage) string {
	b := gjson.ParseBytes(block)
	switch b.Get("type").Str {
	case "text":
		return b.Get("text").Str
	case "image":
		return "<image content>"
	case "audio":
		return "<audio content>"
	case "resource":
		if s := b.Get("resource.text").Str; s != "" {
			return s
		}
		return "embedded resource: " + b.Get("resource.uri").Str
	case "resource_link":
		return "link: " + b.Get("uri").Str
	}
	return compact(block)
}

// dynamicToolCall draws a call of a tool that a client runs.
func dynamicToolCall(e Entry, width int, t *text.Theme) []text.Line {
	item, ok := e.Item.(*protocol.DynamicToolCallItem)
	if !ok {
		return nil
	}
	c := toolCall{
		name: item.Tool, arguments: item.Arguments,
		running: item.Status == protocol.DynamicToolCallStatusInProgress,
		failed:  item.Status == protocol.DynamicToolCallStatusFailed || item.Success != nil && !*item.Success,
	}
	if item.Namespace != nil {
		c.name = *item.Namespace + "." + c.name
	}
	for _, r := range item.ContentItems {
		if r.Type == protocol.DynamicToolCallOutputContentItemInputImage {
			r.Text = "<image content>"
		}
		c.results = append(c.results, r.Text)
	}
	return c.draw(e, width, t)
}

func (c toolCall) draw(e Entry, width int, t *text.Theme) []text.Line {
	verb := "Called"
	if c.running {
		verb = "Calling"
	}
	mark := bullet(c.running, c.failed, e.Beat, t)
	call := text.Line{span(text.CleanLine(c.name), t.Accent), span("(", text.Style{}), span(compact(c.arguments), t.Dim), span(")", text.Style{})}
	title := append(text.Line{span(verb, t.Bold), span(" ", text.Style{})}, call...)
	var rows []text.Line
	out := bulleted([]text.Line{title}, width, mark)
	if title.Width() > width-2 {
		out = bulleted([]text.Line{text.Of(verb, t.Bold)}, width, mark)
		rows = text.Wrap([]text.Line{call}, max(1, width-4))
		if !e.Full {
			rows = limited(rows, blockRows, t)
		}
	}
	for _, r := range c.results {
		rows = append(rows, c.block(e, r, width, t)...)
	}
	if c.fault != "" {
		rows = append(rows, text.Wrap(plain("Error: "+c.fault, t.Error), max(1, width-4))...)
	}
	return append(out, below(rows, width, t)...)
}

func (c toolCall) block(e Entry, result string, width int, t *text.Theme) []text.Line {
	if e.Full {
		return text.Wrap(plain(result, t.Dim), max(1, width-4))
	}
	return excerpt{head: result}.rows(max(1, width-4), blockRows, "", t)
}
