package pidfile

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"codex/pkg/daemon/process"
)

// TestParse holds the captures of the original: what is a record, and what is an error
// that leaves the file alone.
func TestParse(t *testing.T) {
	for _, tc := range []struct{ in, fail string }{
		{`{"pid":13442,"processStartTime":"Sun Nov 22 10:42:28 2026"}`, ""},
		{`{"pid":4000000000,"processStartTime":"x"}`, ""},
		{` {"extra":[1],"processStartTime":"","pid":0} `, ""},
		{`{"pid":17011,"processStartTime":"Sun Nov 22 10:46:56 2026","processIdentity":{"bootId":"74f5cdd5","startTicks":112792},"executableIdentity":{"digest":[1]}}`, ""},
		{`garbage`, "invalid character"},
		{`123`, "cannot unmarshal number"},
		{`{"pid":1}`, "missing field `processStartTime`"},
		{`{"processStartTime":"x"}`, "missing field `pid`"},
		{`{"pid":-4,"processStartTime":"x"}`, "invalid value: integer `-4`, expected u32"},
		{`{"pid":99999999999,"processStartTime":"x"}`, "invalid value: integer `99999999999`, expected u32"},
		{`{"pid":1.5,"processStartTime":"x"}`, "expected u32"},
		{`{"pid":"1","processStartTime":2}`, "cannot unmarshal"},
		{`{"pid":1,"processStartTime":"x"}}`, "after top-level value"},
		{`[]`, "cannot unmarshal array"},
	} {
		r, err := parse([]byte(tc.in))
		if (err == nil) != (tc.fail == "") || err != nil && !strings.Contains(err.Error(), tc.fail) {
			t.Errorf("%s: %+v %v", tc.in, r, err)
		}
	}
	r, err := parse([]byte(`{"pid":7,"processStartTime":"x","processIdentity":{"bootId":"b","startTicks":9},"program":"/p","ending":true}`))
	if err != nil || r.PID != 7 || *r.Identity != (process.Identity{BootID: "b", StartTicks: 9}) || r.Program != "/p" || !r.Ending {
		t.Errorf("%+v %v", r, err)
	}
	if out, err := json.Marshal(Record{PID: 7, ProcessStartTime: "x"}); string(out) != `{"pid":7,"processStartTime":"x"}` || err != nil {
		t.Errorf("%s %v", out, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"pid":13442,"processStartTime":"Sun Nov 22 10:42:28 2026"}`))
	f.Add([]byte(`{"pid":1,"processStartTime":"x","processIdentity":{"bootId":"b","startTicks":9}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := parse(in)
		if err != nil {
			return
		}
		out, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := parse(out); err != nil || again.PID != r.PID {
			t.Fatalf("%s: %v", out, err)
		}
	})
}

func TestIs(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 42, 28, 0, time.UTC)
	id := &process.Identity{BootID: "b", StartTicks: 9}
	info := process.Info{Identity: id, Started: at, Text: "Sun Nov 22 10:42:28 2026"}
	zombie := info
	zombie.Dead = true
	const tokyo = "Sun Nov 22 19:42:28 2026"
	for _, tc := range []struct {
		name string
		r    Record
		info process.Info
		args string
		want bool
	}{
		{"identity", Record{Identity: &process.Identity{BootID: "b", StartTicks: 9}, ProcessStartTime: "anything"}, info, "", true},
		{"another boot", Record{Identity: &process.Identity{BootID: "a", StartTicks: 9}, ProcessStartTime: info.Text}, info, "", false},
		{"other ticks", Record{Identity: &process.Identity{BootID: "b", StartTicks: 8}, ProcessStartTime: info.Text}, info, "", false},
		{"the original's record", Record{ProcessStartTime: info.Text}, info, "", true},
		{"of another zone", Record{ProcessStartTime: tokyo}, info, "/x/codex app-server --listen unix://", true},
		{"of another zone and another program", Record{ProcessStartTime: tokyo}, info, "sleep 9", false},
		{"another start", Record{ProcessStartTime: "Sun Nov 22 10:40:28 2026"}, info, "codex app-server", false},
		{"a zombie", Record{ProcessStartTime: info.Text}, zombie, "", false},
	} {
		if got := tc.r.is(tc.info, func() string { return tc.args }, []string{"app-server"}); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}
