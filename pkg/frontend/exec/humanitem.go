package exec

import (
	"io"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/termtext"
)

func (h *human) started(item gjson.Result) {
	switch item.Get("type").Str {
	case "commandExecution":
		command := item.Get("command").Str
		h.println(h.style("exec", magenta, italic), "\n", h.style(h.text(shortened(command)), bold), " in ", h.line(item.Get("cwd").Str))
		h.busy(item, h.line(label(command, 200)))
	case "fileChange":
		h.println(h.style("apply patch", bold))
	case "mcpToolCall":
		h.println(h.mcp(item), h.style("started", dim))
		h.busy(item, h.line(item.Get("server").Str+"/"+item.Get("tool").Str))
	case "webSearch":
		h.search(item)
	case "collabAgentToolCall":
		h.println(h.style("collab:", bold), " ", h.line(pascal(item.Get("tool").Str)))
	}
}

// busy shows a sign of life from now on until the item is completed.
func (h *human) busy(item gjson.Result, label string) {
	if h.pulse != nil {
		h.pulse.begin(item.Get("id").Str, label)
	}
}

func (h *human) completed(item gjson.Result) {
	if h.pulse != nil {
		h.pulse.end(item.Get("id").Str)
	}
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
			s += "\n" + h.style(h.line(c.Get("path").Str), dim)
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
			s += "\n" + h.style(h.text(shortened(text)), red)
		}
		h.println(s)
	case "collabAgentToolCall":
		h.agents(item)
	case "webSearch":
		h.search(item)
	case "contextCompaction":
		h.println(h.style("context compacted", dim))
	}
}

// agents says which agents a call has failed for; there is nothing to say of a call that
// has not failed.
func (h *human) agents(item gjson.Result) {
	if item.Get("status").Str != "failed" {
		return
	}
	s := h.style("collab:", bold) + " " + h.line(pascal(item.Get("tool").Str)) + " " + h.style("failed", red)
	item.Get("agentsStates").ForEach(func(id, state gjson.Result) bool {
		s += "\n" + h.line(id.Str) + ": " + h.line(snake(state.Get("status").Str))
		if why := state.Get("message").Str; why != "" {
			s += ": " + h.text(shortened(why))
		}
		return true
	})
	h.println(s)
}

func (h *human) mcp(item gjson.Result) string {
	return h.style("mcp:", bold) + " " + h.style(h.line(item.Get("server").Str+"/"+item.Get("tool").Str), cyan) + " "
}

func (h *human) search(item gjson.Result) {
	h.println(h.style("web search:", bold), " ", h.line(item.Get("query").Str))
}

func (h *human) reasoning(item gjson.Result) {
	text := joined(item.Get("summary"))
	if raw := joined(item.Get("content")); h.raw && raw != "" {
		text = raw
	}
	if h.hide || strings.TrimSpace(text) == "" {
		return
	}
	if text = h.text(text); h.errTTY {
		text = wrapped(text, h.columns())
	}
	h.println(h.style(text, dim))
}

// command says how a command ended, which one that was (others may run beside it), and
// what it printed.
func (h *human) command(item gjson.Result) {
	head, colour := " failed", red
	took := " in " + strconv.FormatInt(item.Get("durationMs").Int(), 10) + "ms"
	switch exit := item.Get("exitCode"); {
	case item.Get("status").Str == "declined":
		head, colour = " declined", yellow
	case item.Get("status").Str == "completed":
		head, colour = " succeeded", green
	case exit.Type == gjson.Number:
		head = " exited " + exit.Raw
	case item.Get("durationMs").Type == gjson.Null:
		head, took = " still ran at the end", ""
	}
	head += took + ": "
	s := h.style(head, colour) + h.line(label(item.Get("command").Str, h.width()-len(head)))
	if out := item.Get("aggregatedOutput").Str; strings.TrimSpace(out) != "" {
		if out = shortened(out); h.errTTY {
			out = termtext.Output(out)
		}
		s += "\n" + out
	}
	h.println(s)
}

// message shows a whole message, or the rest of one that was shown while it came.
func (h *human) message(id, text string) {
	h.shown = &text
	if id != h.streaming || h.streaming == "" {
		h.println(h.style("codex", magenta, italic), "\n", h.marked(text))
		return
	}
	rest := h.text(text[min(h.streamed, len(text)):])
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
	io.WriteString(h.err, h.text(text))
	h.streamed += len(text)
	h.middle = !strings.HasSuffix(text, "\n")
}
