package exec

import (
	"io"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

func (h *human) started(item gjson.Result) {
	switch item.Get("type").Str {
	case "commandExecution":
		h.println(h.style("exec", magenta, italic), "\n", h.style(item.Get("command").Str, bold), " in ", item.Get("cwd").Str)
	case "fileChange":
		h.println(h.style("apply patch", bold))
	case "mcpToolCall":
		h.println(h.mcp(item), h.style("started", dim))
	case "webSearch":
		h.search(item)
	case "collabAgentToolCall":
		h.println(h.style("collab:", bold), " ", pascal(item.Get("tool").Str))
	}
}

func (h *human) completed(item gjson.Result) {
	switch item.Get("type").Str {
	case "agentMessage":
		h.message(item.Get("id").Str, item.Get("text").Str)
	case "reasoning":
		h.reasoning(item)
	case "commandExecution":
		h.command(item)
	case "fileChange":
		s := h.style("patch:", bold) + " " + snake(item.Get("status").Str)
		for _, c := range item.Get("changes").Array() {
			s += "\n" + h.style(c.Get("path").Str, dim)
		}
		h.println(s)
	case "mcpToolCall":
		status := item.Get("status").Str
		colour := green
		if status != "completed" {
			colour = red
		}
		s := h.mcp(item) + h.style("("+h.style(status, colour)+")", dim)
		if text := item.Get("error.message").Str; text != "" {
			s += "\n" + h.style(text, red)
		}
		h.println(s)
	case "webSearch":
		h.search(item)
	case "contextCompaction":
		h.println(h.style("context compacted", dim))
	}
}

func (h *human) mcp(item gjson.Result) string {
	return h.style("mcp:", bold) + " " + h.style(item.Get("server").Str+"/"+item.Get("tool").Str, cyan) + " "
}

func (h *human) search(item gjson.Result) {
	h.println(h.style("web search:", bold), " ", item.Get("query").Str)
}

func (h *human) reasoning(item gjson.Result) {
	text := joined(item.Get("summary"))
	if raw := joined(item.Get("content")); h.raw && raw != "" {
		text = raw
	}
	if !h.hide && strings.TrimSpace(text) != "" {
		h.println(h.style(text, dim))
	}
}

func (h *human) command(item gjson.Result) {
	took := " in " + strconv.FormatInt(item.Get("durationMs").Int(), 10) + "ms:"
	var head string
	switch exit := item.Get("exitCode"); {
	case item.Get("status").Str == "declined":
		head = h.style(" declined"+took, yellow)
	case item.Get("status").Str == "completed":
		head = h.style(" succeeded"+took, green)
	case exit.Type == gjson.Number:
		head = h.style(" exited "+exit.Raw+took, red)
	default:
		head = h.style(" failed"+took, red)
	}
	if out := item.Get("aggregatedOutput").Str; strings.TrimSpace(out) != "" {
		head += "\n" + out
	}
	h.println(head)
}

// message shows a whole message, or the rest of one that was shown while it came.
func (h *human) message(id, text string) {
	h.shown = &text
	if id != h.streaming || h.streaming == "" {
		h.println(h.style("codex", magenta, italic), "\n", text)
		return
	}
	rest := text[min(h.streamed, len(text)):]
	if h.middle {
		rest, h.middle = rest+"\n", false
	} else if rest != "" {
		rest += "\n"
	}
	io.WriteString(h.err, rest)
	h.streaming = ""
}

// delta shows a piece of a message (--stream).
func (h *human) delta(p gjson.Result) {
	id, text := p.Get("itemId").Str, p.Get("delta").Str
	if id != h.streaming {
		h.println(h.style("codex", magenta, italic))
		h.streaming, h.streamed = id, 0
	}
	io.WriteString(h.err, text)
	h.streamed += len(text)
	h.middle = !strings.HasSuffix(text, "\n")
}
