package turn

import (
	"fmt"
	"strings"

	"github.com/google/uuid"

	"codex/pkg/engine/item"
	"codex/pkg/engine/tools"
	"codex/pkg/models"
	"codex/pkg/protocol"
)

// shellCommand runs a command that the user typed: as a turn of its own, or beside the
// turn that runs.
func (s *Server) shellCommand(r *req, p *protocol.ThreadShellCommandParams) (any, error) {
	command := strings.TrimSpace(p.Command)
	if command == "" {
		return nil, invalid("command must not be empty")
	}
	if _, err := s.mine(p.ThreadID); err != nil {
		return nil, err
	}
	for {
		t, busy, err := s.begin(protocol.TurnStartParams{}, s.asked(), job{kind: jobShell, command: command})
		if err != nil {
			return nil, err
		}
		if busy != nil && busy.ctx.Err() != nil { // it would end the command as well
			<-busy.done
			continue
		}
		if !s.join() {
			if t != nil {
				t.drop()
			}
			return nil, errLeaving
		}
		if busy == nil {
			r.After(func() { s.launch(t, nil) })
			return protocol.ThreadShellCommandResponse{}, nil
		}
		r.After(func() {
			go func() {
				defer s.turns.Done()
				// The model hears of it, unless the turn has nothing to do with the model.
				busy.userCommand(command, func(record item.Item) {
					busy.th.note(pending{items: []item.Item{record}, quiet: busy.job.kind != ""})
				})
			}()
		})
		return protocol.ThreadShellCommandResponse{}, nil
	}
}

// userOut is a turn that a command of the user ends in later: once the model's record of
// it is in the history, so that what is asked next comes after it.
type userOut struct {
	*turn
	completed protocol.ThreadItem
}

// ItemCompleted implements tools.Out.
func (o *userOut) ItemCompleted(item protocol.ThreadItem) { o.completed = item }

// userCommand runs a command of the user; note gets what the model is told of it. An
// interrupt of the turn ends the command; the turn's own end does not.
func (t *turn) userCommand(command string, note func(item.Item)) {
	th := t.th
	out := &userOut{turn: t}
	th.mu.Lock()
	tt := &tools.Turn{ThreadID: th.id, TurnID: t.id, Cwd: th.set.cwd, Limit: limitOf(th.set.model), Out: out}
	th.mu.Unlock()
	r := th.tools.UserCommand(t.ctx, tt, uuid.NewString(), command)
	note(item.Item{Raw: item.Message("user", fmt.Sprintf(
		"<user_shell_command>\n<command>\n%s\n</command>\n<result>\nExit code: %d\nDuration: %.4f seconds\nOutput:\n%s\n</result>\n</user_shell_command>",
		command, r.Code, r.Took.Seconds(), r.Text))})
	if out.completed != nil {
		t.ItemCompleted(out.completed)
	}
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
