package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// sessionID is the id of the session that tuiresume goes on with.
const sessionID = "0195f0a1-b2c3-7000-8000-000000000001"

// writeSession writes a session of so many MB into a home, unless it is there: turns of
// 10 kB, and the history made short after every 200.
func writeSession(home, cwd string, mb int) (err error) {
	path := filepath.Join(home, "sessions/2026/01/02/rollout-2026-01-02T03-04-05-"+sessionID+".jsonl")
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	defer func() { err = errors.Join(err, w.Flush(), f.Close()) }()
	line := func(typ, payload string) int {
		n, _ := fmt.Fprintf(w, `{"timestamp":"2026-01-02T03:04:05.000Z","type":"%s","payload":%s}`+"\n", typ, payload) // told by Flush
		return n
	}
	message := func(role, kind, text string) string {
		return fmt.Sprintf(`{"type":"message","role":"%s","content":[{"type":"%s","text":"%s"}]}`, role, kind, text)
	}
	line("session_meta", fmt.Sprintf(`{"id":"%s","timestamp":"2026-01-02T03:04:05.000Z","cwd":%q,"originator":"codex-tui","cli_version":"0.133.0","source":"cli","model_provider":"bench","base_instructions":{"text":"x"}}`, sessionID, cwd))
	output := strings.Repeat("a line of what a command wrote, to be 64 bytes long with its end.\\n", 120)
	for turn, written := 0, 0; written < mb<<20; turn++ {
		id := fmt.Sprintf("0195f0a1-b2c3-7000-8000-%012d", turn)
		answer := fmt.Sprintf("Answer %d: the **tests** pass, and `main.go` is as short as it can be.", turn)
		written += line("event_msg", `{"type":"task_started","turn_id":"`+id+`","started_at":1767323045,"model_context_window":258400}`)
		written += line("turn_context", fmt.Sprintf(`{"turn_id":"%s","cwd":%q,"approval_policy":"on-request","sandbox_policy":{"type":"read-only"},"model":"gpt-5.5","summary":"auto"}`, id, cwd))
		written += line("response_item", message("user", "input_text", "make the tests pass"))
		written += line("event_msg", `{"type":"user_message","message":"make the tests pass","images":[],"local_images":[],"text_elements":[]}`)
		written += line("response_item", fmt.Sprintf(`{"type":"function_call","name":"exec_command","arguments":"{\"cmd\":\"go test\"}","call_id":"c%d"}`, turn))
		written += line("response_item", fmt.Sprintf(`{"type":"function_call_output","call_id":"c%d","output":"%s"}`, turn, output))
		written += line("event_msg", fmt.Sprintf(`{"type":"agent_message","message":"%s","phase":"final_answer"}`, answer))
		written += line("response_item", message("assistant", "output_text", answer))
		if turn%200 == 199 {
			written += line("compacted", `{"message":"summary","replacement_history":[`+message("user", "input_text", "summary")+`]}`)
		}
		written += line("event_msg", fmt.Sprintf(`{"type":"task_complete","turn_id":"%s","last_agent_message":"x","completed_at":1767323046,"duration_ms":1000}`, id))
	}
	line("event_msg", `{"type":"task_started","turn_id":"0195f0a1-b2c3-7000-8000-ffffffffffff","started_at":1767323045}`)
	line("event_msg", `{"type":"user_message","message":"and now?","images":[],"local_images":[],"text_elements":[]}`)
	line("event_msg", `{"type":"agent_message","message":"`+endMark+`"}`)
	line("event_msg", `{"type":"task_complete","turn_id":"0195f0a1-b2c3-7000-8000-ffffffffffff","last_agent_message":"x","completed_at":1767323046,"duration_ms":1000}`)
	return nil
}
