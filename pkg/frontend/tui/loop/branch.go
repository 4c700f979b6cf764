package loop

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol"
)

// Branch is what is known of the branch of a work tree: what it changes, as "+2 -1", and the
// number of its pull request.
type Branch struct{ Changes, Pull string }

// branches finds out about the branch, where the status line or the title shows that.
type branches struct {
	Branch
	dir    string // of the work tree
	asking bool
	pulled time.Time // when the pull request was asked for
}

// The items that show it.
const (
	itemChanges = "branch-changes"
	itemPull    = "pull-request-number"
)

// pullTime is how long what is known of a pull request is good for.
const pullTime = time.Minute

// askBranch looks at the branch, once the thread is open and after each turn.
func (l *Loop) askBranch() {
	shown := slices.Concat(l.statusNames(), l.titleNames())
	pull := slices.Contains(shown, itemPull)
	b, dir := &l.branches, cmp.Or(l.state.Thread.Cwd, l.Cwd)
	if dir != b.dir {
		if l.away != nil { // what is shown is of the thread on the screen
			return
		}
		*b = branches{dir: dir, asking: b.asking}
	}
	if l.Branch == nil || l.shared() || l.Playing || b.asking || !pull && !slices.Contains(shown, itemChanges) {
		return
	}
	pull = pull && l.Now().Sub(b.pulled) >= pullTime
	if pull {
		b.pulled = l.Now()
	}
	b.asking = true
	l.beside(func(ctx context.Context) func() {
		got, err := l.Branch(ctx, dir, pull)
		return func() {
			b.asking = false
			if dir != b.dir {
				l.askBranch()
				return
			}
			if err != nil { // no repository, or git does not answer: there is nothing to show
				got = Branch{}
			} else if !pull {
				got.Pull = b.Pull
			}
			b.Branch = got
			l.draw()
		}
	})
}

func (l *Loop) pull() string {
	if l.branches.Pull == "" {
		return ""
	}
	return "PR #" + l.branches.Pull
}

// countTerminals asks how many commands run in the background.
func (l *Loop) countTerminals() {
	if l.Playing || l.engine == nil {
		return
	}
	id := l.state.Thread.ID
	l.call(protocol.MethodThreadBackgroundTerminalsList, protocol.ThreadBackgroundTerminalsListParams{ThreadID: id}, func(r gjson.Result, err error) {
		m := l.team.find(id)
		if err != nil || m == nil && id != l.state.Thread.ID { // of a session that has ended
			return
		}
		l.in(m, func() { l.terminals = len(r.Get("data").Array()) })
		l.draw()
	})
}

// background says how many commands run in the background.
func (l *Loop) background() string {
	switch l.terminals {
	case 0:
		return ""
	case 1:
		return " · 1 command in the background (/ps, /stop)"
	}
	return fmt.Sprintf(" · %d commands in the background (/ps, /stop)", l.terminals)
}
