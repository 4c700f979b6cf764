package notify

import (
	"strings"

	"codex/pkg/jsonrpc"
)

// payload is the JSON argument of the notify program, in the original's key order.
type payload struct {
	Type     string   `json:"type"`
	ThreadID string   `json:"thread-id"`
	TurnID   string   `json:"turn-id"`
	Cwd      string   `json:"cwd"`
	Client   string   `json:"client,omitempty"`
	Inputs   []string `json:"input-messages"`
	Last     *string  `json:"last-assistant-message"`
}

// Payload gives the argument for a turn: compact JSON of at most 120 KiB. When it would
// be longer, input messages are left out from the oldest on, then the last message is
// cut. client is the name of the frontend; "" leaves it out.
func Payload(t Turn, client string) string {
	p := payload{"agent-turn-complete", t.ThreadID, t.TurnID, t.Cwd, client, t.Inputs, nil}
	if p.Inputs == nil {
		p.Inputs = []string{}
	}
	if t.HasLast {
		p.Last = &t.Last
	}
	s := encode(p)
	for len(s) > maxPayload && len(p.Inputs) > 1 {
		p.Inputs = p.Inputs[(len(p.Inputs)+1)/2:]
		s = encode(p)
	}
	if len(s) > maxPayload {
		p.Inputs = cut(p.Inputs)
		if p.Last != nil {
			last := cut([]string{*p.Last})[0]
			p.Last = &last
		}
		s = encode(p)
	}
	return s
}

// cut shortens texts so that even with every byte escaped they fit.
func cut(texts []string) []string {
	const most = maxPayload / 16
	out := make([]string, len(texts))
	for i, s := range texts {
		if len(s) > most {
			s = strings.ToValidUTF8(s[:most], "") + "…"
		}
		out[i] = s
	}
	return out
}

func encode(p payload) string {
	b, _ := jsonrpc.Marshal(p) // strings only: cannot fail
	return string(b)
}

// Client gives the name of the frontend for the source of a thread; "" when unknown.
func Client(source string) string {
	switch source {
	case "exec":
		return "codex_exec"
	case "cli":
		return "codex-tui"
	}
	return ""
}
