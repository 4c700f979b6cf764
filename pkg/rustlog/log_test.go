package rustlog

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
)

func open(t *testing.T, env map[string]string, w *bytes.Buffer) *Log {
	t.Helper()
	at := time.Date(2026, 11, 22, 10, 44, 54, 666193000, time.UTC)
	l, err := New(func(k string) string { return env[k] }, "codex_core", w, func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLines(t *testing.T) {
	var b bytes.Buffer
	l := open(t, map[string]string{Variable: "info"}, &b)
	l.Info("turn started", "id", 5, "what", "a b", "odd", "x\x1b[2J\n")
	l.Debug("not this")
	l.Part("codex_exec").Error("gone", "why", "")
	want := "2026-11-22T10:44:54.666193Z  INFO codex_core: turn started id=5 what=a b odd=\"x\\x1b[2J\\n\"\n" +
		"2026-11-22T10:44:54.666193Z ERROR codex_exec: gone why=\n"
	if b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	b.Reset()
	l = open(t, map[string]string{Variable: "info", Format: "json"}, &b)
	l.Warn("turn failed", "id", 5, "why", "a\nb")
	want = `{"timestamp":"2026-11-22T10:44:54.666193Z","level":"WARN","fields":{"id":5,"message":"turn failed","why":"a\nb"},"target":"codex_core"}` + "\n"
	if b.String() != want {
		t.Errorf("%s, want %s", b.String(), want)
	}
}

func TestFilter(t *testing.T) {
	for _, c := range []struct {
		setting string
		levels  map[string]Level
	}{
		{"debug", map[string]Level{"codex_core": Debug, "x": Debug}},
		{"codex_core=warn, codex_tui=TRACE", map[string]Level{"codex_core": Warn, "codex_core::session": Warn, "codex_tui": Trace, "codex_exec": Off}},
		{"error,codex_core::tools=debug,codex_core=off", map[string]Level{"codex_core": Off, "codex_core::tools::x": Debug, "codex_exec": Error}},
		{"codex_exec", map[string]Level{"codex_exec": Trace, "codex_core": Off}},
		{"3,codex_core[turn{id=5}]=trace", map[string]Level{"codex_core": Info}},
		{"warn,info", map[string]Level{"x": Info}},
	} {
		f, err := parse(c.setting)
		if err != nil {
			t.Errorf("%s: %v", c.setting, err)
		}
		for target, want := range c.levels {
			if got := f.level(target); got != want {
				t.Errorf("%s: %s is %v, want %v", c.setting, target, got, want)
			}
		}
	}
	if _, err := parse("codex_core=loud"); err == nil {
		t.Error("a level that is none")
	}
}

// TestNone: no setting, no log.
func TestNone(t *testing.T) {
	for _, setting := range []string{"", "off", "codex_core=off", ","} {
		if l := open(t, map[string]string{Variable: setting}, nil); l != nil {
			t.Errorf("%q: a log", setting)
		}
	}
	var l *Log
	l.JSON()
	if l.Error("x"); l.On(Error) || l.Part("y") != nil {
		t.Error("a log that is none says something")
	}
	if n := testing.AllocsPerRun(100, func() { l.Info("x", "id", "y") }); n > 0 {
		t.Errorf("%v allocations for nothing", n)
	}
}

func FuzzFilter(f *testing.F) {
	f.Add("error,a=debug")
	f.Add("a[b]=1,=,=info")
	f.Fuzz(func(t *testing.T, s string) {
		f, err := parse(s)
		if err != nil {
			return
		}
		if l := f.level("codex_core"); l > f.most() {
			t.Errorf("%q: codex_core has %v, and the most is %v", s, l, f.most())
		}
		var parts []string
		for _, d := range f {
			parts = append(parts, d.target+"="+d.level.String())
		}
		if again, err := parse(strings.Join(parts, ",")); err != nil || !slices.Equal(again, f) {
			t.Errorf("%q: %v, and written out %v, %v", s, f, again, err)
		}
	})
}
