package loop

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/frontend/tui/state"
	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
	"codex/pkg/termtext"
)

// notify tells a person who looks elsewhere: with the terminal's own notification where
// it has one, else its bell.
func (l *Loop) notify(kind, message string) {
	switch v := l.Config.Get("tui", "notifications").(type) {
	case bool:
		if !v {
			return
		}
	case []any:
		if !slices.Contains(v, any(kind)) {
			return
		}
	}
	if l.focused && l.setting("notification_condition") != "always" || l.Playing {
		return
	}
	var err error
	short := text.Clip(strings.Join(strings.Fields(termtext.Line(message)), " "), 200)
	switch {
	case l.setting("notification_method") == "osc777":
		err = l.passthrough("\x1b]777;notify;Codex;" + short + "\x07")
	case l.osc9():
		err = l.passthrough("\x1b]9;" + short + "\x07")
	default:
		_, err = io.WriteString(l.TTY, "\a")
	}
	if err != nil {
		l.fail(err)
	}
}

func (l *Loop) osc9() bool {
	switch l.setting("notification_method") {
	case "osc9":
		return true
	case "bel":
		return false
	}
	switch l.Getenv("TERM_PROGRAM") {
	case "ghostty", "iTerm.app", "WezTerm", "WarpTerminal", "kitty":
		return true
	}
	return l.Getenv("KITTY_WINDOW_ID") != ""
}

func (l *Loop) notifyTurn(e state.TurnEnded) {
	if l.away != nil && l.away != l.team.main() { // an agent has done its part
		return
	}
	if e.Status != protocol.TurnStatusInterrupted {
		l.notify("agent-turn-complete", cmp.Or(e.Last, "Turn complete"))
	}
}

func (l *Loop) notifyAsk(m *member, method string, params json.RawMessage) {
	message := "Codex asks something"
	switch method {
	case protocol.AskCommandApproval:
		message = "Approval requested: " + text.Clip(gjson.GetBytes(params, "command").Str, 30)
	case protocol.AskFileChangeApproval:
		message = "Codex wants to edit files"
	}
	if m != nil {
		message = m.name + ": " + message
	}
	l.notify("approval-requested", message)
}
