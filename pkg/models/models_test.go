package models

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLookup(t *testing.T) {
	for _, c := range []struct {
		slug, display string
		known         bool
	}{
		{"gpt-5.5", "GPT-5.5", true},
		{"gpt-5.2-xyz", "gpt-5.2", true},
		{"gpt-5.4-mini", "GPT-5.4-Mini", true},
		{"gpt-5.4-mini-2026", "GPT-5.4-Mini", true},
		{"gpt-5.4-min", "gpt-5.4", true},
		{"ns/gpt-5.4-mini", "GPT-5.4-Mini", true},
		{"my_ns-1/gpt-5.2-foo", "gpt-5.2", true},
		{"a/b/gpt-5.2", "a/b/gpt-5.2", false},
		{"n s/gpt-5.2", "n s/gpt-5.2", false},
		{"/gpt-5.2", "/gpt-5.2", false},
		{"gpt-5", "gpt-5", false},
		{"gpt-oss:20b", "gpt-oss:20b", false},
		{"openai/gpt-oss-20b", "openai/gpt-oss-20b", false},
		{"", "", false},
	} {
		m := In(nil, c.slug)
		if m.Slug != c.slug || m.DisplayName != c.display || m.Known != c.known {
			t.Errorf("%q: %q %q %v", c.slug, m.Slug, m.DisplayName, m.Known)
		}
	}
}

func TestFacts(t *testing.T) {
	f := In(nil, "mock-model")
	if f.ReasoningSummaries || f.Verbosity || f.ParallelToolCalls || f.FreeformPatch || f.SearchTool || f.TruncationMode != "bytes" || f.ContextWindow != 272000 || !f.InputImages || f.Visibility != "none" {
		t.Errorf("fallback %+v", f)
	}
	m := In(nil, "gpt-5.2")
	if m.TruncationMode != "bytes" || m.DefaultSummary != "auto" || m.ImageDetailOriginal || m.WebSearchType != "text" || m.Upgrade != "gpt-5.4" {
		t.Errorf("gpt-5.2 %+v", m)
	}
	if m := In(nil, "gpt-5.4"); m.MaxContextWindow != 1_000_000 || !m.HasTier("priority") || m.HasTier("flex") {
		t.Errorf("gpt-5.4 %+v", m)
	}
	if m := In(nil, "gpt-5.4-mini"); m.DefaultVerbosity != "medium" || m.HasTier("priority") {
		t.Errorf("mini %+v", m)
	}
	var slugs []string
	for _, m := range All() {
		slugs = append(slugs, m.Slug)
		if len(m.Efforts) != len(m.EffortNotes) || !slices.Contains(m.Efforts, m.DefaultEffort) {
			t.Errorf("%s: efforts %v", m.Slug, m.Efforts)
		}
	}
	if !slices.Equal(slugs, []string{"gpt-5.5", "gpt-5.4", "gpt-5.4-mini", "gpt-5.3-codex", "gpt-5.2", "codex-auto-review"}) {
		t.Error(slugs)
	}
	first := slices.MinFunc(slices.DeleteFunc(slices.Clone(All()), func(m Model) bool { return m.Visibility != "list" }), func(a, b Model) int { return a.Priority - b.Priority })
	if first.Slug != Default() {
		t.Error(first.Slug)
	}
}

func TestAutoCompactLimit(t *testing.T) {
	m := Model{ContextWindow: 1000}
	for wish, want := range map[int64]int64{0: 900, 500: 500, 950: 900} {
		if got := m.AutoCompactLimit(wish); got != want {
			t.Errorf("%d: %d, want %d", wish, got, want)
		}
	}
	m.AutoCompact = 300
	if got := m.AutoCompactLimit(500); got != 300 {
		t.Error(got)
	}
}

func TestInstructions(t *testing.T) {
	known, unknown := In(nil, "gpt-5.5"), In(nil, "mock-model")
	for _, c := range []struct {
		name, text string
		has, not   []string
	}{
		{"default", Instructions(known, ""), []string{"You are Codex", "pragmatic engineer", "takes the patch as its whole input"}, []string{"friendly colleague"}},
		{"friendly", Instructions(known, "friendly"), []string{"friendly colleague"}, []string{"pragmatic engineer"}},
		{"none", Instructions(known, "none"), []string{"You are Codex"}, []string{"friendly colleague", "pragmatic engineer"}},
		{"unknown", Instructions(unknown, ""), []string{"You are Codex", "apply_patch <<'EOF'"}, []string{"pragmatic engineer", "takes the patch as its whole input"}},
	} {
		for _, s := range c.has {
			if !strings.Contains(c.text, s) {
				t.Errorf("%s: no %q", c.name, s)
			}
		}
		for _, s := range append(c.not, "{{", "}}", "\n\n\n") {
			if strings.Contains(c.text, s) {
				t.Errorf("%s: has %q", c.name, s)
			}
		}
		if n := len(strings.Fields(c.text)); n < 400 || n > 2500 {
			t.Errorf("%s: %d words", c.name, n)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	for b.Loop() {
		In(nil, "gpt-5.5")
	}
}

// TestCapture compares the catalogue with the facts of the original's (its texts
// were taken out).
func TestCapture(t *testing.T) {
	b, err := os.ReadFile("testdata/models.0.133.0.json")
	if err != nil {
		t.Fatal(err)
	}
	peer, err := ParseCatalogue(b)
	if err != nil {
		t.Fatal(err)
	}
	ours := All()
	if len(ours) != len(peer) {
		t.Fatal(len(peer))
	}
	for i := range ours {
		m := ours[i]
		m.Description = ""
		m.EffortNotes = make([]string, len(m.Efforts))
		m.ServiceTiers = slices.Clone(m.ServiceTiers)
		for j := range m.ServiceTiers {
			m.ServiceTiers[j].Description = ""
		}
		if len(peer[i].SpeedTiers) == 0 {
			peer[i].SpeedTiers = nil
		}
		if !reflect.DeepEqual(m, peer[i]) {
			t.Errorf("got  %+v\nwant %+v", m, peer[i])
		}
	}
}

// TestEncode holds that what is written reads back, and has the members of the original's.
func TestEncode(t *testing.T) {
	b, err := EncodeCatalogue(All())
	if err != nil {
		t.Fatal(err)
	}
	back, err := ParseCatalogue(b)
	if err != nil || len(back) != len(All()) {
		t.Fatal(err, len(back))
	}
	for i, m := range All() {
		if back[i].BaseInstructions != Instructions(m, "") {
			t.Errorf("%s: other instructions", m.Slug)
		}
		back[i].BaseInstructions = ""
		if len(m.SpeedTiers) == 0 {
			back[i].SpeedTiers = nil
		}
		if !reflect.DeepEqual(m, back[i]) {
			t.Errorf("got  %+v\nwant %+v", back[i], m)
		}
	}
	peer, err := os.ReadFile("testdata/models.0.133.0.json")
	if err != nil {
		t.Fatal(err)
	}
	members := func(b []byte) []string {
		var f struct{ Models []map[string]any }
		if err := json.Unmarshal(b, &f); err != nil {
			t.Fatal(err)
		}
		m := f.Models[4]
		for _, text := range []string{"model_messages", "availability_nux", "base_instructions", "description"} {
			delete(m, text) // taken out of the original's
		}
		return slices.Sorted(maps.Keys(m))
	}
	if x, y := members(b), members(peer); !slices.Equal(x, y) {
		t.Errorf("got  %v\nwant %v", x, y)
	}
}

func TestParseCatalogue(t *testing.T) {
	for in, want := range map[string]string{
		`{"models":[]}`: "", `{}`: "missing field `models`", `{"models":[{}]}`: "missing field `slug`", `{"models":3}`: "cannot unmarshal", ``: "unexpected end",
	} {
		_, err := ParseCatalogue([]byte(in))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", in, err)
		}
	}
	all, err := ParseCatalogue([]byte(`{"models":[{"slug":"b","visibility":"list","priority":2,"base_instructions":"do it","context_window":5,"input_modalities":["text"]},{"slug":"a","visibility":"list","priority":1},{"slug":"h","visibility":"hide"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	m := In(all, "b-1")
	if DefaultIn(all) != "a" || !m.Known || m.ContextWindow != 5 || m.MaxContextWindow != 5 || m.InputImages || Instructions(m, "") != "do it" {
		t.Errorf("%+v", m)
	}
	if In(all, "gpt-5.5").Known {
		t.Error("the bundled catalogue was used")
	}
}

// FuzzCatalogue: a catalogue that is taken has a model by default, which it finds, and numbers
// that a request can be made with.
func FuzzCatalogue(f *testing.F) {
	f.Add([]byte(`{"models":[{"slug":"a","upgrade":{"model":"x"},"truncation_policy":{"mode":"bytes","limit":1}}]}`))
	f.Add([]byte(`{"models":[{"slug":"a","context_window":9223372036854775807,"effective_context_window_percent":1000,"auto_compact_token_limit":5}]}`))
	f.Add([]byte(`{"models":[{"slug":"a","truncation_policy":{"mode":"lines","limit":-1}},{"slug":"a/b"},{"slug":"ab","visibility":"list"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := ParseCatalogue(b)
		if err != nil || len(all) == 0 {
			return
		}
		if m := In(all, DefaultIn(all)); !m.Known {
			t.Fatalf("default %q is not known", DefaultIn(all))
		}
		for _, m := range all {
			got := In(all, m.Slug)
			limit := m.AutoCompactLimit(0)
			switch {
			case m.Slug == "" || !utf8.ValidString(m.Slug) || got.Slug != m.Slug || !got.Known:
				t.Fatalf("%q gives %q", m.Slug, got.Slug)
			case m.TruncationMode != "tokens" && m.TruncationMode != "bytes" || m.TruncationLimit < 0:
				t.Fatalf("truncation %q %d", m.TruncationMode, m.TruncationLimit)
			case m.ContextWindow < 1 || m.MaxContextWindow < 1 || limit < 0 || limit > m.ContextWindow:
				t.Fatalf("window %d, most %d, compacted at %d", m.ContextWindow, m.MaxContextWindow, limit)
			case m.EffectivePercent < 1 || m.EffectivePercent > 100 || len(m.Efforts) != len(m.EffortNotes) || Instructions(m, "") == "":
				t.Fatalf("%+v", m)
			}
		}
	})
}
