package turn

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"codex/pkg/engine/item"
	"codex/pkg/engine/tools"
	"codex/pkg/jsonrpc"
	"codex/pkg/models"
	"codex/pkg/protocol"
)

// shellCommand runs a command that the user typed: as a turn of its own, or beside the
// turn that runs (tools spec §7).
func (s *Server) shellCommand(params json.RawMessage) (any, func(), error) {
	var p protocol.ThreadShellCommandParams
	if err := decode(params, &p); err != nil {
		return nil, nil, err
	}
	if !gjson.GetBytes(params, "command").Exists() {
		return nil, nil, missing("command")
	}
	command := strings.TrimSpace(p.Command)
	if command == "" {
		return nil, nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "command must not be empty")
	}
	if _, err := s.mine(p.ThreadID); err != nil {
		return nil, nil, err
	}
	t, busy, err := s.begin(protocol.TurnStartParams{}, s.asked(), job{kind: jobShell, command: command})
	if err != nil {
		return nil, nil, err
	}
	if busy != nil && busy.ctx.Err() != nil { // it would end the command as well
		<-busy.done
		return s.shellCommand(params)
	}
	if !s.join() {
		if t != nil {
			t.drop()
		}
		return nil, nil, errLeaving
	}
	if busy != nil {
		return protocol.ThreadShellCommandResponse{}, func() {
			go func() {
				defer s.turns.Done()
				// The model hears of it, unless the turn has nothing to do with the model.
				busy.th.note(pending{items: []item.Item{{Raw: busy.userCommand(command)}}, quiet: busy.job.kind != ""})
			}()
		}, nil
	}
	return protocol.ThreadShellCommandResponse{}, func() { s.launch(t, nil) }, nil
}

// userCommand runs a command of the user and gives what the model is told of it. An
// interrupt of the turn ends the command; the turn's own end does not.
func (t *turn) userCommand(command string) json.RawMessage {
	th := t.th
	th.mu.Lock()
	tt := &tools.Turn{ThreadID: th.id, TurnID: t.id, Cwd: th.set.cwd, Limit: limitOf(th.set.model), Out: t}
	th.mu.Unlock()
	r := th.tools.UserCommand(t.ctx, tt, uuid.NewString(), command)
	return item.Message("user", fmt.Sprintf(
		"<user_shell_command>\n<command>\n%s\n</command>\n<result>\nExit code: %d\nDuration: %.4f seconds\nOutput:\n%s\n</result>\n</user_shell_command>",
		command, r.Code, r.Took.Seconds(), r.Text))
}

// note puts an item into the history, now or as soon as the turn that runs lets it.
func (t *liveThread) note(p pending) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.running; r != nil {
		r.pending = append(r.pending, p)
		return
	}
	t.push(p.items...)
}

func limitOf(m models.Model) tools.Limit {
	return tools.Limit{Bytes: m.TruncationMode == "bytes", Amount: int(m.TruncationLimit)}
}
