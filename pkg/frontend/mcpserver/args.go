package mcpserver

import (
	"encoding/json"
	"errors"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

// startArgs are the arguments of the tool codex.
type startArgs struct {
	Prompt                string                     `json:"prompt"`
	Model                 *string                    `json:"model,omitempty"`
	Profile               *string                    `json:"profile,omitempty"`
	Cwd                   *string                    `json:"cwd,omitempty"`
	ApprovalPolicy        *approvalPolicy            `json:"approval-policy,omitempty"`
	Sandbox               *protocol.SandboxMode      `json:"sandbox,omitempty"`
	Config                map[string]json.RawMessage `json:"config,omitempty"`
	BaseInstructions      *string                    `json:"base-instructions,omitempty"`
	DeveloperInstructions *string                    `json:"developer-instructions,omitempty"`
	CompactPrompt         *string                    `json:"compact-prompt,omitempty"`
}

// approvalPolicy is one of the policies that have a name.
type approvalPolicy string

// Values lists them in the order of the schema.
func (approvalPolicy) Values() []string {
	return []string{"untrusted", "on-failure", "on-request", "never"}
}

// replyArgs are the arguments of the tool codex-reply.
type replyArgs struct {
	Prompt         string  `json:"prompt"`
	ThreadID       *string `json:"threadId,omitempty"`
	ConversationID *string `json:"conversationId,omitempty"`
}

// closeArgs are the arguments of the tool codex-close.
type closeArgs struct {
	ThreadID *string `json:"threadId,omitempty"`
}

// decode reads the arguments of a call, in the words that callers know.
func decode(args json.RawMessage, into any, missing string) error {
	if len(args) == 0 || string(args) == "null" {
		return errors.New(missing)
	}
	d := jsonrpc.Decoder{Prefix: "Failed to parse configuration for Codex tool: "}
	if err := d.Decode("tools/call", args, into); err != nil {
		return errors.New(jsonrpc.AsError(err).Message)
	}
	return nil
}

// threadID gives the id of the thread that is meant, in its one spelling.
func threadID(ids ...*string) (string, error) {
	for _, id := range ids {
		if id == nil {
			continue
		}
		parsed, ok := thread.ParseID(*id)
		if !ok {
			return "", errors.New("Failed to parse thread_id: " + jsonrpc.Shorten(*id) + " is no UUID")
		}
		return parsed, nil
	}
	return "", errors.New("Failed to parse thread_id: either threadId or conversationId must be provided")
}
