package mcpserver

import (
	"encoding/json"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol"
	"codex/pkg/shellwords"
)

// item tells that an item has begun, or has ended.
func (t *translator) item(turn string, p gjson.Result, done bool) {
	it := p.Get("item")
	id := it.Get("id").Str
	at := fields{"thread_id": t.call.session.id, "turn_id": t.call.shown(turn)}
	kind := "item_started"
	if done {
		kind = "item_completed"
		at["completed_at_ms"] = raw(p.Get("completedAtMs"))
	} else {
		at["started_at_ms"] = raw(p.Get("startedAtMs"))
	}
	whole := func(typ string, f fields) {
		f["type"], f["id"] = typ, id
		at["item"] = f
		t.emit(turn, kind, at)
	}
	switch it.Get("type").Str {
	case protocol.ItemUserMessage:
		whole("UserMessage", fields{"content": raw(it.Get("content"))})
		if done {
			t.userMessage(turn, it)
		}
	case protocol.ItemAgentMessage:
		whole("AgentMessage", fields{"content": []fields{{"type": "Text", "text": it.Get("text").Str}}})
		if done {
			t.last = it.Get("text").Str
			t.emit(turn, "agent_message", fields{"message": t.last, "phase": snakeValue(it.Get("phase")), "memory_citation": snakeKeys(it.Get("memoryCitation"))})
		}
	case protocol.ItemReasoning:
		whole("Reasoning", fields{"summary_text": raw(it.Get("summary")), "raw_content": raw(it.Get("content"))})
		if done {
			t.reasoning(turn, it)
		}
	case protocol.ItemPlan:
		whole("Plan", fields{"text": it.Get("text").Str})
	case protocol.ItemCommandExecution:
		t.command(turn, p, it, done)
	case protocol.ItemFileChange:
		t.patch(turn, it, done, whole)
	case protocol.ItemMcpToolCall:
		t.toolCall(turn, it, done)
	case protocol.ItemWebSearch:
		t.webSearch(turn, it, done)
	case protocol.ItemImageView:
		if done {
			t.emit(turn, "view_image_tool_call", fields{"call_id": id, "path": it.Get("path").Str})
		}
	case protocol.ItemContextCompaction:
		whole("ContextCompaction", fields{})
		if done {
			t.emit(turn, "context_compacted", fields{})
		}
	}
}

func (t *translator) userMessage(turn string, it gjson.Result) {
	text, images, local := "", []string{}, []string{}
	for _, c := range it.Get("content").Array() {
		switch c.Get("type").Str {
		case protocol.UserInputText:
			text += c.Get("text").Str
		case protocol.UserInputImage:
			images = append(images, c.Get("url").Str)
		case protocol.UserInputLocalImage:
			local = append(local, c.Get("path").Str)
		}
	}
	t.emit(turn, "user_message", fields{"message": text, "images": images, "local_images": local, "text_elements": []string{}})
}

func (t *translator) reasoning(turn string, it gjson.Result) {
	for _, s := range it.Get("summary").Array() {
		t.emit(turn, "agent_reasoning", fields{"text": s.Str})
	}
	for _, s := range it.Get("content").Array() {
		t.emit(turn, "agent_reasoning_raw_content", fields{"text": s.Str})
	}
}

// argv takes a command line apart that the engine has joined.
func argv(command string) []string {
	words, ok := shellwords.Split(command)
	if !ok {
		return []string{command}
	}
	return words
}

// parsed is what commands are understood to do, in the core's spelling.
func parsed(actions gjson.Result) []fields {
	out := []fields{}
	for _, a := range actions.Array() {
		f := fields{"type": snake(a.Get("type").Str), "cmd": a.Get("command").Str}
		for _, k := range []string{"name", "query", "path"} {
			if v := a.Get(k); v.Exists() {
				f[k] = raw(v)
			}
		}
		out = append(out, f)
	}
	return out
}

func (t *translator) command(turn string, p, it gjson.Result, done bool) {
	f := fields{"call_id": it.Get("id").Str, "process_id": raw(it.Get("processId")), "turn_id": t.call.shown(turn), "command": argv(it.Get("command").Str),
		"cwd": it.Get("cwd").Str, "parsed_cmd": parsed(it.Get("commandActions")), "source": snake(it.Get("source").Str)}
	if !done {
		f["started_at_ms"] = raw(p.Get("startedAtMs"))
		t.emit(turn, "exec_command_begin", f)
		return
	}
	output := it.Get("aggregatedOutput").Str
	f["completed_at_ms"] = raw(p.Get("completedAtMs"))
	f["stdout"], f["stderr"], f["aggregated_output"], f["formatted_output"] = output, "", output, output
	f["exit_code"], f["status"], f["duration"] = -1, snake(it.Get("status").Str), duration(it.Get("durationMs").Int())
	if code := it.Get("exitCode"); code.Type == gjson.Number {
		f["exit_code"] = code.Int()
	}
	t.emit(turn, "exec_command_end", f)
}

func duration(ms int64) fields { return fields{"secs": ms / 1000, "nanos": ms % 1000 * 1_000_000} }

// changesOf is a patch in the core's spelling: by path.
func changesOf(it gjson.Result) map[string]protocol.FileChange {
	out := map[string]protocol.FileChange{}
	for _, c := range it.Get("changes").Array() {
		change := protocol.FileChange{Type: c.Get("kind.type").Str, Content: c.Get("diff").Str}
		if change.Type == protocol.FileChangeUpdate {
			change = protocol.FileChange{Type: change.Type, UnifiedDiff: change.Content}
			if to := c.Get("kind.move_path"); to.Type == gjson.String {
				change.MovePath = &to.Str
			}
		}
		out[c.Get("path").Str] = change
	}
	return out
}

func (t *translator) patch(turn string, it gjson.Result, done bool, whole func(string, fields)) {
	id, changes := it.Get("id").Str, changesOf(it)
	if !done {
		text, err := json.Marshal(changes)
		if err == nil {
			t.call.remember(id, text)
		}
		whole("FileChange", fields{"changes": changes})
		t.emit(turn, "patch_apply_begin", fields{"call_id": id, "turn_id": t.call.shown(turn), "auto_approved": false, "changes": changes})
		return
	}
	status := snake(it.Get("status").Str)
	whole("FileChange", fields{"changes": changes, "status": status, "stdout": "", "stderr": ""})
	t.emit(turn, "patch_apply_end", fields{"call_id": id, "turn_id": t.call.shown(turn), "stdout": "", "stderr": "", "success": status == "completed",
		"changes": changes, "status": status})
}

func (t *translator) toolCall(turn string, it gjson.Result, done bool) {
	f := fields{"call_id": it.Get("id").Str, "invocation": fields{"server": it.Get("server").Str, "tool": it.Get("tool").Str, "arguments": raw(it.Get("arguments"))}}
	if !done {
		t.emit(turn, "mcp_tool_call_begin", f)
		return
	}
	f["duration"] = duration(it.Get("durationMs").Int())
	if message := it.Get("error.message"); message.Exists() {
		f["result"] = fields{"Err": message.Str}
	} else {
		f["result"] = fields{"Ok": raw(it.Get("result"))}
	}
	t.emit(turn, "mcp_tool_call_end", f)
}

func (t *translator) webSearch(turn string, it gjson.Result, done bool) {
	f := fields{"call_id": it.Get("id").Str}
	if !done {
		t.emit(turn, "web_search_begin", f)
		return
	}
	f["query"], f["action"] = it.Get("query").Str, snakeKeys(it.Get("action"))
	t.emit(turn, "web_search_end", f)
}
