package state

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/protocol"
)

// at is a moment of a test.
func at(seconds int) time.Time { return time.Unix(int64(seconds), 0) }

// play gives a state notifications: the method, a blank, the params.
func play(s *State, lines ...string) {
	for i, l := range lines {
		method, params, _ := strings.Cut(l, " ")
		s.Notify(method, []byte(params), at(i))
	}
}

// told says in words what is to be done.
func told(s *State) []string {
	var out []string
	for _, e := range s.Effects() {
		switch e := e.(type) {
		case Show:
			what := e.Entry.Item.ItemType()
			switch item := e.Entry.Item.(type) {
			case *cells.Notice:
				what += " " + item.Text
			case *cells.Explored:
				what += fmt.Sprint(" ", len(item.Commands))
			case *protocol.CommandExecutionItem:
				what += " " + item.Command
			case *protocol.FileChangeItem:
				what += " " + item.Changes[0].Path
			}
			out = append(out, what)
		case *Delta:
			out = append(out, "delta "+string(e.Text))
		case Complete:
			out = append(out, "complete "+e.Item.Text)
		case Cut:
			out = append(out, "cut "+e.ID)
		case TurnEnded:
			out = append(out, fmt.Sprintf("ended %s %s", e.Status, e.Last))
		case UserMessage:
			out = append(out, "said "+e.Text)
		}
	}
	return out
}

func command(id, what, status, action string) string {
	return fmt.Sprintf(`{"item":{"type":"commandExecution","id":%q,"command":%q,"status":%q,"commandActions":[{"type":%q,"command":%q,"name":"f","path":"f"}]}}`, id, what, status, action, what)
}

func TestNotify(t *testing.T) {
	const started, ended = `turn/started {"turn":{"id":"u"}}`, `turn/completed {"turn":{"id":"u","status":"completed"}}`
	for _, tc := range []struct {
		name  string
		lines []string
		want  []string
	}{
		{"deltas make one effect, and the item has the rest", []string{started, `item/agentMessage/delta {"itemId":"m","delta":"He"}`, `item/agentMessage/delta {"itemId":"m","delta":"l"}`,
			`item/completed {"item":{"type":"agentMessage","id":"m","text":"Hello"}}`, ended}, []string{"delta Hel", "complete Hello", "ended completed Hello"}},
		{"a message that is not completed", []string{started, `item/agentMessage/delta {"itemId":"m","delta":"He"}`, `turn/completed {"turn":{"status":"interrupted"}}`},
			[]string{"delta He", "cut m", "notice Interrupted. Say what to do instead.", "ended interrupted "}},
		{"commands that look around are one cell", []string{started, "item/started " + command("1", "cat f", "inProgress", "read"), "item/completed " + command("1", "cat f", "completed", "read"),
			"item/started " + command("2", "cat g", "inProgress", "read"), "item/completed " + command("2", "cat g", "completed", "read"),
			"item/started " + command("3", "make", "inProgress", "unknown"), "item/completed " + command("3", "make", "completed", "unknown")}, []string{"explored 2", "commandExecution make"}},
		{"one of them that fails stands alone", []string{started, "item/started " + command("1", "cat f", "inProgress", "read"), "item/completed " + command("1", "cat f", "failed", "read")}, []string{"commandExecution cat f"}},
		{"one that runs beside another command is shown once, when it has ended", []string{started, "item/started " + command("1", "cat f", "inProgress", "read"), "item/started " + command("2", "make", "inProgress", "unknown"),
			"item/started " + command("3", "cat g", "inProgress", "read"), "item/completed " + command("2", "make", "completed", "unknown"), "item/completed " + command("1", "cat f", "completed", "read"),
			"item/completed " + command("3", "cat g", "failed", "read"), ended}, []string{"commandExecution make", "explored 1", "commandExecution cat g", "separator", "ended completed "}},
		{"an error is said once", []string{started, `error {"error":{"message":"no"},"willRetry":false}`, `turn/completed {"turn":{"status":"failed","error":{"message":"no"}}}`},
			[]string{"notice no", "ended failed "}},
		{"another thread's are nothing", []string{`turn/started {"threadId":"other","turn":{"id":"x"}}`}, nil},
		{"files are named from the folder", []string{`item/completed {"item":{"type":"fileChange","id":"p","status":"completed","changes":[{"path":"/w/a/f","kind":{"type":"add"},"diff":"x"}]}}`}, []string{"fileChange a/f"}},
		{"what a turn leaves behind is shown", []string{started, "item/started " + command("1", "make", "inProgress", "unknown"), `turn/completed {"turn":{"status":"interrupted"}}`},
			[]string{"commandExecution make", "notice Interrupted. Say what to do instead.", "ended interrupted "}},
		{"broken ones are nothing", []string{`item/started {"item":5}`, `item/completed {}`, `thread/tokenUsage/updated {"tokenUsage":"x"}`, `turn/plan/updated {"plan":4}`}, nil},
	} {
		s := &State{Thread: Thread{ID: "t", Cwd: "/w"}}
		play(s, tc.lines...)
		got := told(s)
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// TestAsk holds that a question stops the clock, shows the patch it is about, and goes
// away when it is answered elsewhere.
func TestAsk(t *testing.T) {
	s := &State{Thread: Thread{ID: "t", Cwd: "/w"}}
	play(s, `turn/started {"turn":{"id":"u"}}`, `item/started {"item":{"type":"fileChange","id":"p","status":"inProgress","changes":[{"path":"/w/f","kind":{"type":"add"},"diff":"x"}]}}`)
	s.Request(json.RawMessage("7"), protocol.AskFileChangeApproval, json.RawMessage(`{"itemId":"p"}`), at(10))
	if got := told(s); !slices.Equal(got, []string{"fileChange f"}) || len(s.Asks) != 1 || s.Asks[0].Item == nil {
		t.Errorf("%q, %+v", got, s.Asks)
	}
	if d := s.Turn.Elapsed(at(60)); d != 10*time.Second {
		t.Errorf("the turn has worked %v", d)
	}
	s.Notify(protocol.NoteServerRequestResolved, []byte(`{"threadId":"t","requestId":7}`), at(70))
	if d := new(Turn).Elapsed(at(75)); d != 0 {
		t.Errorf("a turn whose beginning was not seen has taken %v", d)
	}
	if len(s.Asks) != 0 || s.Turn.Elapsed(at(75)) != 15*time.Second {
		t.Errorf("%d questions, %v", len(s.Asks), s.Turn.Elapsed(at(75)))
	}
	play(s, `item/completed {"item":{"type":"fileChange","id":"p","status":"completed","changes":[{"path":"/w/f","kind":{"type":"add"},"diff":"x"}]}}`)
	if got := told(s); got != nil {
		t.Errorf("the patch is shown again: %q", got)
	}
}

// TestHeader holds what the status line says.
func TestHeader(t *testing.T) {
	s := &State{}
	play(s, `turn/started {"turn":{"id":"u"}}`, `item/reasoning/summaryTextDelta {"itemId":"r","delta":"**Look"}`, `item/reasoning/summaryTextDelta {"itemId":"r","delta":"ing** at it"}`)
	if s.Turn.Header != "Looking" {
		t.Errorf("%q", s.Turn.Header)
	}
	play(s, `error {"error":{"message":"Reconnecting... 1/5","additionalDetails":"why"},"willRetry":true}`)
	if s.Turn.Header != "Reconnecting... 1/5" || s.Turn.Details != "why" {
		t.Errorf("%+v", s.Turn)
	}
	play(s, `item/agentMessage/delta {"itemId":"m","delta":"x"}`)
	if s.Turn.Header != "" {
		t.Errorf("%q", s.Turn.Header)
	}
}

// FuzzNotify holds that two states which are told the same are the same, whatever becomes of the
// bytes they were told with; that what is about another thread changes nothing; that no step is
// done twice; and that a turn leaves nothing behind when it ends.
func FuzzNotify(f *testing.F) {
	methods := []string{protocol.NoteItemStarted, protocol.NoteItemCompleted, protocol.NoteTurnStarted, protocol.NoteTurnCompleted, protocol.NoteTurnPlanUpdated,
		protocol.NoteThreadSettingsUpdated, protocol.NoteHookCompleted, protocol.NoteAccountRateLimitsUpdated, protocol.NoteItemAgentMessageDelta, protocol.NoteItemCommandExecutionOutputDelta, protocol.NoteError}
	f.Add(uint(0), `{"item":{"type":"commandExecution","id":"1","commandActions":[{}]}}`)
	f.Add(uint(0), `{"item":{"type":"commandExecution","id":"1","commandActions":[{"type":"read"}]}}`)
	f.Add(uint(0), `{"item":{"type":"fileChange","changes":[{"path":"/a","kind":{"type":"update","move_path":"/b"}}]}}`)
	f.Add(uint(3), `{"turn":{"status":"failed"}}`)
	f.Add(uint(4), `{"plan":[{"step":"a","status":"completed"},{"step":"b","status":"?"}]}`)
	f.Add(uint(8), `{"itemId":"m","delta":"x","threadId":"t"}`)
	f.Fuzz(func(t *testing.T, n uint, params string) {
		method := methods[n%uint(len(methods))]
		told := func(spoil bool) *State {
			s := &State{Thread: Thread{ID: "t"}}
			for i, m := range []string{method, protocol.NoteItemCompleted, method} {
				p := []byte(params)
				s.Notify(m, p, at(i))
				if spoil {
					copy(p, bytes.Repeat([]byte("#"), len(p)))
				}
			}
			return s
		}
		s, again := told(false), told(true)
		if !reflect.DeepEqual(s, again) {
			t.Fatalf("kept of what it was told:\n%+v\n%+v", s, again)
		}
		if s.Done < 0 || s.Done > s.Tasks {
			t.Errorf("%d of %d steps are done", s.Done, s.Tasks)
		}
		if id := gjson.Get(params, "threadId"); id.Type == gjson.String && id.Str != "t" && !reflect.DeepEqual(s, &State{Thread: Thread{ID: "t"}}) {
			t.Errorf("changed by what thread %q was told: %+v", id.Str, s)
		}
		s.Notify(protocol.NoteTurnCompleted, []byte(`{"turn":{"status":"completed"}}`), at(9))
		effects := s.Effects()
		if _, ok := effects[len(effects)-1].(TurnEnded); !ok || len(s.Active) > 0 || len(s.Asks) > 0 || s.exploring != nil || s.message != "" || s.Turn != (Turn{}) {
			t.Errorf("a turn that has ended left %+v", s)
		}
	})
}
