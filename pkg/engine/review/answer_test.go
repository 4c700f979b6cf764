package review

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"codex/pkg/rollout"
)

const oneFinding = `{"title":"T","body":"a\n\nb","confidence_score":0.5,"priority":1,"code_location":{"absolute_file_path":"/f","line_range":{"start":1,"end":2}}}`

func TestRead(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{"findings":[],"overall_correctness":"patch is correct","overall_explanation":"  ok ","overall_confidence_score":1}`, "ok"},
		{`{"findings":[` + oneFinding + `],"overall_explanation":"Why."}`, "Why.\n\nReview comment:\n\n- T — /f:1-2\n  a\n  \n  b"},
		{"Here:\n```json\n{\"findings\":[" + oneFinding + "," + oneFinding + "]}\n``` done", "Full review comments:\n\n- T — /f:1-2\n  a\n  \n  b\n\n- T — /f:1-2\n  a\n  \n  b"},
		{`{"findings":[{"title":"T","body":"B"}]}`, `{"findings":[{"title":"T","body":"B"}]}`}, // nowhere
		{`{"findings":[{"title":"T","code_location":{"absolute_file_path":"/f","line_range":{"start":3,"end":3}}}]}`, "Review comment:\n\n- T — /f:3-3"},
		{`{}`, `{}`},
		{`{"findings":[]}`, rollout.ReviewFailed},
		{"plain { text", "plain { text"},
		{"} before {", "} before {"},
		{`{"findings":[{"title":5}]}`, `{"findings":[{"title":5}]}`},
	} {
		o := Read(c.in)
		if o == nil {
			t.Errorf("%s: nothing", c.in)
		} else if got := o.String(); got != c.want {
			t.Errorf("%s: %q, want %q", c.in, got, c.want)
		}
	}
	if o := Read(" \n"); o != nil {
		t.Errorf("nothing is %v", o)
	}
}

// FuzzRead: whatever a model writes can be shown, and is the same after it was
// recorded.
func FuzzRead(f *testing.F) {
	f.Add(`{"findings":[` + oneFinding + `]}`)
	f.Add(`x{"findings":[{}]}y`)
	f.Fuzz(func(t *testing.T, in string) {
		o := Read(in)
		if o == nil || !utf8.ValidString(in) { // as all that comes from a model is
			return
		}
		text := o.String()
		b, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		var again rollout.Review
		if err := json.Unmarshal(b, &again); err != nil {
			t.Fatal(err)
		}
		if text == "" || again.String() != text {
			t.Errorf("%q: %q, then %q", in, text, again.String())
		}
	})
}
