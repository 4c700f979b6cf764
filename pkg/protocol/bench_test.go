package protocol

import (
	"io"
	"testing"

	"codex/pkg/jsonrpc"
)

func BenchmarkDelta(b *testing.B) {
	w := jsonrpc.NewWriter(io.Discard)
	n := AgentMessageDeltaNotification{ThreadID: "01a202dd-a919-73f2-a683-85da106f5c34", TurnID: "01a202dd-ab2a-7fb0-90de-1b55947b7482",
		ItemID: "msg_resp_1_1", Delta: "sixteen bytes ok"}
	for b.Loop() {
		if err := w.Notify(NoteItemAgentMessageDelta, &n); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkItemCompleted(b *testing.B) {
	w := jsonrpc.NewWriter(io.Discard)
	n := ItemCompletedNotification{ThreadID: "t", TurnID: "u", Item: &CommandExecutionItem{Type: ItemCommandExecution, ID: "i",
		Command: "ls", Cwd: "/w", Status: CommandExecutionStatusCompleted,
		CommandActions: []CommandAction{{Type: CommandActionListFiles, Command: "ls"}}}}
	for b.Loop() {
		if err := w.Notify(NoteItemCompleted, &n); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeThreadItem(b *testing.B) {
	raw := []byte(`{"type":"agentMessage","id":"msg_resp_1_1","text":"Hello there, friend. All done.","phase":null,"memoryCitation":null}`)
	for b.Loop() {
		if _, err := DecodeThreadItem(raw); err != nil {
			b.Fatal(err)
		}
	}
}
