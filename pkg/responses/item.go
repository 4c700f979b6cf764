package responses

import (
	"hash/maphash"

	"github.com/tidwall/gjson"
)

// item is what there is to know of an output item.
type item struct {
	index         int64 // the server's output_index, else its place among the items
	typ, id, call string
	hash          uint64 // of what it says, 0 for nothing that tells it from another
	says          bool   // it has a text, arguments or an input
	claimed       bool   // a part stands for this one
}

// largeText is from where on texts are compared as they stand, with what is around them.
const largeText = 16 << 10

// read looks through an item once: it may be megabytes.
func (a *assembler) read(it gjson.Result) item {
	var i item
	m := map[string]gjson.Result{}
	it.ForEach(func(k, v gjson.Result) bool {
		switch k.Str {
		case "type", "id", "call_id", "role", "name", "content", memberArguments, memberInput:
			m[k.Str] = v
		}
		return true
	})
	i.typ, i.id, i.call = typeOf(m), m["id"].Str, m["call_id"].Str
	if a.seed == (maphash.Seed{}) {
		a.seed = maphash.MakeSeed()
	}
	var h maphash.Hash
	h.SetSeed(a.seed)
	switch i.typ {
	case itemMessage:
		content := m["content"]
		if i.says = len(content.Raw) > largeText; i.says {
			h.WriteString(content.Raw)
		} else {
			i.says = eachText(content, func(raw string) { h.WriteString(raw) })
		}
	case itemFunction, itemCustom:
		text := m[memberArguments]
		if i.typ == itemCustom {
			text = m[memberInput]
		}
		i.says = !blank(text)
		h.WriteString(m["name"].Raw + text.Raw)
	}
	if i.says {
		i.hash = max(h.Sum64(), 1)
	}
	return i
}

// typeOf is an item's type; one that has none is known by its members.
func typeOf(m map[string]gjson.Result) string {
	has := func(name string) bool {
		_, ok := m[name]
		return ok
	}
	switch {
	case m["type"].Str != "":
		return m["type"].Str
	case has("role") || has("content"):
		return itemMessage
	case has("name") && has(memberArguments):
		return itemFunction
	case has("name") && has(memberInput):
		return itemCustom
	}
	return ""
}

// eachText gives the texts of a message's content, which may be one text, as they stand
// there without their quotes. It says whether there are any.
func eachText(content gjson.Result, f func(raw string)) (any bool) {
	give := func(v gjson.Result) {
		if v.Type == gjson.String && v.Str != "" {
			any = true
			f(v.Raw[1 : len(v.Raw)-1])
		}
	}
	if give(content); content.IsArray() {
		content.ForEach(func(_, p gjson.Result) bool {
			give(p.Get("text"))
			give(p.Get(partRefusal))
			return true
		})
	}
	return any
}
