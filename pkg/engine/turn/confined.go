package turn

import (
	"strings"

	"codex/pkg/protocol"
	"codex/pkg/responses"
)

// confined tells what the sandbox does not do on the executor's machine. Where nobody may
// be asked to let a command run without it, no command of this turn can run: that is an
// error, since the model could only try in vain.
func (t *turn) confined() error {
	th := t.th
	if open := th.tools.Unenforced(); len(open) > 0 {
		t.out.notify(protocol.NoteConfigWarning, protocol.ConfigWarningNotification{Summary: "The sandbox is weaker on this machine.", Details: new(strings.Join(open, "; "))})
	}
	err := th.tools.Refused()
	switch {
	case err == nil:
		return nil
	case th.set.approval.Mode == protocol.ApprovalNever:
		return &responses.Error{Message: err.Error(), Kind: protocol.ErrorInfoSandboxError, Err: err}
	case !th.toldRefused:
		th.toldRefused = true
		t.warn("Commands cannot be sandboxed: " + err.Error())
	}
	return nil
}

func (t *turn) warn(message string) {
	t.out.notify(protocol.NoteWarning, protocol.WarningNotification{ThreadID: &t.shown.thread, Message: message})
}
