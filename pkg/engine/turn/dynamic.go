package turn

import (
	"encoding/json"

	"codex/pkg/engine/item"
	"codex/pkg/engine/tools"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// recordedTool is a dynamic tool as session files carry it: with every member.
type recordedTool struct {
	Namespace    *string         `json:"namespace,omitempty"`
	Name         string          `json:"name"`
	Description  string          `json:"description"`
	InputSchema  json.RawMessage `json:"inputSchema"`
	DeferLoading bool            `json:"deferLoading"`
}

func recordedTools(specs []protocol.DynamicToolSpec) []recordedTool {
	out := make([]recordedTool, len(specs))
	for i, s := range specs {
		out[i] = recordedTool{s.Namespace, s.Name, s.Description, item.Minify(s.InputSchema), s.DeferLoading}
	}
	return out
}

// toolsWord checks the tools that a client brings along.
func toolsWord(specs []protocol.DynamicToolSpec) error {
	if err := protocol.CheckDynamicTools(specs); err != nil {
		return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "%v", err)
	}
	return nil
}

// mayAsk says when the model may ask the user something.
func (t *liveThread) mayAsk() tools.Questions {
	switch {
	case t.review, t.opts.Agent != nil:
		return tools.QuestionsNever
	case t.cfg.Features.Enabled("default_mode_request_user_input"):
		return tools.QuestionsAlways
	}
	return tools.QuestionsInPlanMode
}
