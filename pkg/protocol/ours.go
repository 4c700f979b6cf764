package protocol

import "encoding/json"

// Additions of ours to the protocol. They are few, each is documented in
// codex-protocol(5), and their method names begin with OursPrefix so that they cannot
// meet a later method of the original. A client that does not know them loses nothing:
// they are sent to who asks for them (InitializeCapabilities.CodexTurn).

// OursPrefix begins the name of every method that the original does not have.
const OursPrefix = "codexTurn/"

// NoteToolCallFailed says that a call of the model failed, and that no item says why: its
// arguments could not be read, its tool is not there, its patch has no place or could not be
// written, or what it asked for was refused.
const NoteToolCallFailed = OursPrefix + "toolCall/failed"

// NotePromptInput tells what a model would be sent, from an engine that asks none
// (codex-turn --prompt-input).
const NotePromptInput = OursPrefix + "promptInput"

// PromptInputNotification has the items of the request's input.
type PromptInputNotification struct {
	ThreadID string                `json:"threadId"`
	TurnID   string                `json:"turnId"`
	Input    List[json.RawMessage] `json:"input"`
}

// ToolCallFailedNotification has what the model was answered about it.
type ToolCallFailedNotification struct {
	ThreadID string `json:"threadId"`
	TurnID   string `json:"turnId"`
	CallID   string `json:"callId"`
	Tool     string `json:"tool"`
	Message  string `json:"message"`
}
