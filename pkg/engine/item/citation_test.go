package item

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestCited holds what 0.133.0 makes of such texts.
func TestCited(t *testing.T) {
	for text, want := range map[string][2]string{
		"Use make test.\n<oai-mem-citation>\n<citation_entries>\nMEMORY.md:3-7|note=[how to test]\nrollout_summaries/x.md:1-2|note=[a|b]\nbad line\n</citation_entries>\n<rollout_ids>\n019e0000-0000-7000-8000-000000000000\n019e0000-0000-7000-8000-000000000000\nnot-an-id\n</rollout_ids>\n</oai-mem-citation>\nAnd more.": {
			"Use make test.\n\nAnd more.", `{"entries":[{"path":"MEMORY.md","lineStart":3,"lineEnd":7,"note":"how to test"},{"path":"rollout_summaries/x.md","lineStart":1,"lineEnd":2,"note":"a|b"}],"threadIds":["019e0000-0000-7000-8000-000000000000","not-an-id"]}`},
		"Open <oai-mem-citation>\n<citation_entries>\nMEMORY.md:3-7|note=[x]\n</citation_entries>\n never closed": {
			"Open ", `{"entries":[{"path":"MEMORY.md","lineStart":3,"lineEnd":7,"note":"x"}],"threadIds":[]}`},
		"<oai-mem-citation></oai-mem-citation>only empty": {"only empty", "null"},
		"two <oai-mem-citation><thread_ids>\na\n</thread_ids></oai-mem-citation> blocks <oai-mem-citation><rollout_ids>\nb\n</rollout_ids></oai-mem-citation>": {
			"two  blocks ", `{"entries":[],"threadIds":["a","b"]}`},
		"a <b> and <oai-mem": {"a <b> and <oai-mem", "null"},
	} {
		said, cited := Cited(text)
		b, err := json.Marshal(cited)
		if said != want[0] || string(b) != want[1] || err != nil {
			t.Errorf("%q: %q, %s, %v", text, said, b, err)
		}
	}
}

// FuzzCited: a text that comes in pieces is the same as a whole one, and nothing is said but
// what stands in it.
func FuzzCited(f *testing.F) {
	f.Add("a <oai-mem-citation><rollout_ids>\nx\n</rollout_ids></oai-mem-citation> b", uint8(3))
	f.Add("<oai-mem-<oai-mem-citation>:1-2|note=[", uint8(1))
	f.Fuzz(func(t *testing.T, text string, step uint8) {
		said, cited := Cited(text)
		var c Citations
		pieces := ""
		for rest := text; rest != ""; {
			n := min(int(step)+1, len(rest))
			pieces += c.Feed(rest[:n])
			rest = rest[n:]
		}
		last, again := c.End()
		if pieces+last != said || (cited == nil) != (again == nil) {
			t.Errorf("%q, in pieces %q", said, pieces+last)
		}
		if strings.Contains(said, citeOpens) && !strings.Contains(text, citeCloses) {
			t.Errorf("%q", said)
		}
	})
}
