package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"codex/pkg/jsonrpc"
)

func TestDecodeThreadItem(t *testing.T) {
	for _, c := range []struct{ name, in, typ, id, err string }{
		{"known", `{"type":"plan","id":"i1","text":"do it"}`, ItemPlan, "i1", ""},
		{"unknown is kept", `{"type":"dance","id":"i2","steps":[1,2]}`, "dance", "i2", ""},
		{"unknown without id", `{"type":"dance"}`, "dance", "", ""},
		{"no type", `{"id":"i3"}`, "", "i3", ""},
		{"future member", `{"type":"plan","id":"i4","text":"","later":true}`, ItemPlan, "i4", ""},
		{"wrong shape", `{"type":"plan","id":4}`, "", "", "decode thread item plan"},
		{"not an object", `[1]`, "", "", "decode thread item"},
		{"null", `null`, "", "", "not an object"},
		{"cut", `{"type":"plan","id":"i5"`, "", "", "decode thread item plan"},
		{"empty", ``, "", "", "decode thread item"},
	} {
		t.Run(c.name, func(t *testing.T) {
			item, err := DecodeThreadItem([]byte(c.in))
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("got %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if item.ItemType() != c.typ || item.ItemID() != c.id {
				t.Fatalf("got %q %q", item.ItemType(), item.ItemID())
			}
			if u, ok := item.(*UnknownItem); ok {
				out, err := jsonrpc.Marshal(u)
				if err != nil || string(out) != c.in {
					t.Fatalf("unknown item became %s, %v", out, err)
				}
			}
		})
	}
}

func TestItemVariants(t *testing.T) {
	seen := map[string]bool{}
	for _, it := range ItemVariants() {
		typ := it.ItemType()
		again := newItem(typ)
		if again == nil || again.ItemType() != typ {
			t.Errorf("%s is not decoded", typ)
		}
		seen[typ] = true
	}
	if len(seen) != 16 {
		t.Errorf("got %d item types, want 16", len(seen))
	}
}

func TestItemNotificationWithBrokenItem(t *testing.T) {
	var n ItemStartedNotification
	err := json.Unmarshal([]byte(`{"item":{"type":"plan","text":5},"threadId":"t","turnId":"u","startedAtMs":1}`), &n)
	var typeErr *json.UnmarshalTypeError
	if !errors.As(err, &typeErr) {
		t.Fatalf("got %v", err)
	}
}

func FuzzDecodeThreadItem(f *testing.F) {
	raw, err := os.ReadFile("testdata/approvals-interrupt-0.133.0.txt")
	if err != nil {
		f.Fatal(err)
	}
	for l := range bytes.Lines(raw) {
		var m struct {
			Params struct {
				Item json.RawMessage `json:"item"`
			} `json:"params"`
		}
		if len(l) > 2 && json.Unmarshal(l[2:], &m) == nil && m.Params.Item != nil {
			f.Add([]byte(m.Params.Item))
		}
	}
	f.Add([]byte(`{"type":"dance","id":"<&>"}`))
	f.Add([]byte(`{"type":"plan","type":"reasoning"}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		item, err := DecodeThreadItem(in)
		if err != nil {
			return
		}
		out, err := jsonrpc.Marshal(item)
		if err != nil {
			t.Fatalf("decoded item does not encode: %v", err)
		}
		again, err := DecodeThreadItem(out)
		if err != nil {
			t.Fatalf("encoded item %s does not decode: %v", out, err)
		}
		if again.ItemType() != item.ItemType() || again.ItemID() != item.ItemID() {
			t.Fatalf("item changed: %s", out)
		}
		twice, err := jsonrpc.Marshal(again)
		if err != nil || !bytes.Equal(out, twice) {
			t.Fatalf("not stable:\n%s\n%s\n%v", out, twice, err)
		}
	})
}
