package schema

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"codex/man"
	"codex/pkg/protocol"
)

// TestManPage holds every example line of codex-protocol(5) against the schema, and
// every method it names against the registry.
func TestManPage(t *testing.T) {
	page, err := man.Read("codex-protocol.5")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]protocol.Method{}
	for _, m := range append(protocol.Methods(), protocol.Later()...) {
		known[m.Name] = m
	}
	asked := map[string]string{} // the last request of each id
	examples := map[string]bool{}
	for _, l := range exampleLines(string(page)) {
		var m struct {
			ID     json.RawMessage `json:"id"`
			Method string          `json:"method"`
		}
		if err := json.Unmarshal([]byte(l), &m); err != nil {
			t.Errorf("%v: %s", err, l)
			continue
		}
		method := m.Method
		if method == "" {
			method = asked[string(m.ID)]
		} else if m.ID != nil {
			asked[string(m.ID)] = method
		}
		if err := Validate(method, []byte(l)); err != nil {
			t.Errorf("%v: %s", err, l)
		}
		examples[method] = true
	}
	if len(examples) < 40 {
		t.Errorf("only %d methods have an example", len(examples))
	}
	for _, name := range named(string(page)) {
		if _, ok := known[name]; !ok {
			t.Errorf("no method %s", name)
		}
	}
	// What an engine with one thread can say must all be named.
	for _, name := range slices.Sorted(maps.Keys(known)) {
		m := known[name]
		ours := strings.HasPrefix(name, "turn/") || strings.HasPrefix(name, "item/")
		review := strings.HasPrefix(name, "item/autoApprovalReview/") // the engine has no automatic reviewer
		if ours && !review && !slices.Contains(named(string(page)), name) {
			t.Errorf("%s (kind %d) is not in the page", name, m.Kind)
		}
	}
}

// exampleLines gives the messages of the literal blocks, with broken lines joined.
func exampleLines(page string) []string {
	var out []string
	literal := false
	for l := range strings.Lines(page) {
		l = strings.ReplaceAll(strings.TrimSuffix(l, "\n"), `\e`, `\`)
		switch {
		case strings.HasPrefix(l, ".Bd"):
			literal = true
		case strings.HasPrefix(l, ".Ed"):
			literal = false
		case literal && strings.HasPrefix(l, "{"):
			out = append(out, l)
		case literal && strings.HasPrefix(l, " {"), literal && strings.HasPrefix(l, ` "`):
			if len(out) > 0 {
				out[len(out)-1] += strings.TrimPrefix(l, " ")
			}
		}
	}
	return out
}

// named gives the methods set as internal commands (Ic).
func named(page string) []string {
	var out []string
	for l := range strings.Lines(page) {
		_, names, ok := strings.Cut(l, "Ic ")
		if !ok || !strings.HasPrefix(l, ".") {
			continue
		}
		for _, w := range strings.Fields(names) {
			if len(w) > 1 {
				out = append(out, w)
			}
		}
	}
	return out
}
