package exec

import "github.com/tidwall/gjson"

// appendItem appends the type of an item and its fields, in the order of the original.
func appendItem(b []byte, item gjson.Result) []byte {
	str := func(name, key string) {
		b = appendString(append(append(append(b, `,"`...), name...), `":`...), item.Get(key).Str)
	}
	val := func(name, key string) {
		b = appendValue(append(append(append(b, `,"`...), name...), `":`...), item.Get(key))
	}
	status := func(s string) {
		b = appendString(append(b, `,"status":`...), s)
	}
	switch item.Get("type").Str {
	case "agentMessage":
		b = append(b, `"agent_message"`...)
		str("text", "text")
	case "reasoning":
		b = append(b, `"reasoning","text":`...)
		b = appendString(b, joined(item.Get("summary")))
	case "commandExecution":
		b = append(b, `"command_execution"`...)
		str("command", "command")
		str("aggregated_output", "aggregatedOutput")
		val("exit_code", "exitCode")
		status(snake(item.Get("status").Str))
	case "fileChange":
		b = append(b, `"file_change","changes":[`...)
		for i, c := range item.Get("changes").Array() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(append(b, `{"path":`...), c.Get("path").Str)
			b = append(appendString(append(b, `,"kind":`...), c.Get("kind.type").Str), '}')
		}
		b = append(b, ']')
		s := snake(item.Get("status").Str)
		if s == "declined" {
			s = "failed"
		}
		status(s)
	case "mcpToolCall":
		b = append(b, `"mcp_tool_call"`...)
		str("server", "server")
		str("tool", "tool")
		val("arguments", "arguments")
		b = append(b, `,"result":`...)
		if r := item.Get("result"); r.IsObject() {
			b = append(b, `{"content":`...)
			if c := r.Get("content"); c.IsArray() {
				b = appendValue(b, c)
			} else {
				b = append(b, "[]"...)
			}
			if m := r.Get("_meta"); m.IsObject() {
				b = appendValue(append(b, `,"_meta":`...), m)
			}
			b = appendValue(append(b, `,"structured_content":`...), r.Get("structuredContent"))
			b = append(b, '}')
		} else {
			b = append(b, "null"...)
		}
		b = append(b, `,"error":`...)
		if e := item.Get("error"); e.IsObject() {
			b = append(appendString(append(b, `{"message":`...), e.Get("message").Str), '}')
		} else {
			b = append(b, "null"...)
		}
		status(snake(item.Get("status").Str))
	case "collabAgentToolCall":
		b = append(b, `"collab_tool_call","tool":`...)
		tool := snake(item.Get("tool").Str)
		if tool == "resume_agent" {
			tool = "wait"
		}
		b = appendString(b, tool)
		str("sender_thread_id", "senderThreadId")
		val("receiver_thread_ids", "receiverThreadIds")
		val("prompt", "prompt")
		b = append(b, `,"agents_states":{`...)
		n := 0
		item.Get("agentsStates").ForEach(func(id, state gjson.Result) bool {
			if n++; n > 1 {
				b = append(b, ',')
			}
			b = append(appendString(b, id.Str), `:{"status":`...)
			b = appendString(b, snake(state.Get("status").Str))
			b = append(appendValue(append(b, `,"message":`...), state.Get("message")), '}')
			return true
		})
		b = append(b, '}')
		status(snake(item.Get("status").Str))
	case "webSearch":
		// The key id stands here a second time, with the engine's id; readers that keep
		// the last of two see that one, as with the original.
		b = append(b, `"web_search"`...)
		str("id", "id")
		str("query", "query")
		b = append(b, `,"action":{"type":"`...)
		action := item.Get("action")
		if action.Get("type").Str != "search" {
			return append(b, `other"}`...)
		}
		b = append(b, `search"`...)
		for _, key := range []string{"query", "queries"} {
			if v := action.Get(key); v.Exists() && v.Type != gjson.Null {
				b = appendValue(append(append(append(b, `,"`...), key...), `":`...), v)
			}
		}
		b = append(b, '}')
	}
	return b
}

// snake is a word of the wire as thread events spell it: inProgress, in_progress.
func snake(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			return s[:i] + "_" + string(s[i]-'A'+'a') + snake(s[i+1:])
		}
	}
	return s
}
