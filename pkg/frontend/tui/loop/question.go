package loop

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/frontend/tui/state"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// userQuestion asks the questions of the model, one after the other.
func (l *Loop) userQuestion(a *state.Ask) overlay.Overlay {
	var p protocol.ToolRequestUserInputParams
	if err := json.Unmarshal(a.Params, &p); err != nil {
		return l.unreadable(a, err, protocol.ToolRequestUserInputResponse{})
	}
	answers := protocol.Map[protocol.ToolRequestUserInputAnswer]{}
	said := &cells.Answers{}
	var put func(i int) overlay.Overlay
	next := func(i int, answer ...string) {
		q := p.Questions[i]
		answers[q.ID] = protocol.ToolRequestUserInputAnswer{Answers: answer}
		said.Questions = append(said.Questions, cells.Answered{Question: q.Question, Answers: answer, Secret: q.IsSecret})
		if i+1 < len(p.Questions) {
			l.modal = put(i + 1)
			return
		}
		l.answer(a, protocol.ToolRequestUserInputResponse{Answers: answers}, nil)
		l.show(said)
		l.modal, l.modalAsk = nil, nil
	}
	stop := func() {
		l.answer(a, protocol.ToolRequestUserInputResponse{Answers: answers}, nil)
		l.interrupt()
	}
	put = func(i int) overlay.Overlay {
		q := p.Questions[i]
		title := fmt.Sprintf("%s (%d/%d)", q.Question, i+1, len(p.Questions))
		own := func() overlay.Overlay {
			return &overlay.Field{Title: title, Secret: q.IsSecret, Done: func(s string) { next(i, s) }, Cancel: stop}
		}
		if len(q.Options) == 0 {
			return own()
		}
		list := &overlay.List{Title: title, Hint: "Press enter to answer, tab to add notes or esc to interrupt", Cancel: stop}
		list.Extra = func(e keys.Event) (taken, done bool) {
			if at := list.At; e.Is(keys.Tab, 0) && at >= 0 && at < len(q.Options) {
				label := q.Options[at].Label
				l.modal = &overlay.Field{Title: title, Label: label + ", and:", Cancel: func() { l.modal = put(i) }, Done: func(s string) { next(i, withNote(label, s)...) }}
				return true, false
			}
			return false, false
		}
		for _, o := range q.Options {
			list.Items = append(list.Items, overlay.Item{Label: o.Label, Detail: o.Description, Do: func() { next(i, o.Label) }})
		}
		list.Items = append(list.Items, overlay.Item{Label: "None of the above", Detail: "write an answer", Do: func() { l.modal = own() }})
		return list
	}
	if len(p.Questions) == 0 {
		return l.unreadable(a, fmt.Errorf("there are no questions"), protocol.ToolRequestUserInputResponse{})
	}
	return put(0)
}

// withNote is an answer with a note of the user's, as models know it.
func withNote(answer, note string) []string {
	if note = strings.TrimSpace(note); note == "" {
		return []string{answer}
	}
	return []string{answer, "user_note: " + note}
}

// elicitation asks what an MCP server wants to know: the fields of its form, one after
// the other, or to open an address.
func (l *Loop) elicitation(a *state.Ask) overlay.Overlay {
	p := gjson.ParseBytes(a.Params)
	reply := func(action protocol.McpServerElicitationAction, content any) {
		r := protocol.McpServerElicitationRequestResponse{Action: action}
		if content != nil {
			raw, err := json.Marshal(content)
			if err != nil {
				l.complain("answer the form: %v", err)
				return
			}
			r.Content = raw
		}
		l.answer(a, r, nil)
	}
	cancel := func() { reply(protocol.McpServerElicitationActionCancel, nil) }
	title := p.Get("serverName").Str + " asks: " + p.Get("message").Str
	var fields []gjson.Result
	var names []string
	p.Get("requestedSchema.properties").ForEach(func(k, v gjson.Result) bool {
		names, fields = append(names, k.Str), append(fields, v)
		return true
	})
	values := map[string]any{}
	var put func(i int)
	put = func(i int) {
		if i == len(fields) {
			reply(protocol.McpServerElicitationActionAccept, values)
			l.modal, l.modalAsk = nil, nil
			return
		}
		l.modal = formField(title, names[i], fields[i], func(v any) { values[names[i]] = v; put(i + 1) }, cancel)
	}
	list := &overlay.List{Title: title, Cancel: cancel, Hint: "Press enter to confirm or esc to cancel"}
	if u := p.Get("url").Str; u != "" {
		list.Subtitle = u
	}
	yes := func() { put(0) }
	list.Items = []overlay.Item{
		choice("Yes, provide what it asks for", 'y', yes),
		choice("No, continue without it", 'n', func() { reply(protocol.McpServerElicitationActionDecline, nil) }),
		choice("Cancel the request", 'c', cancel),
	}
	return list
}

// formField is the overlay for one field of a form.
func formField(title, name string, schema gjson.Result, done func(any), cancel func()) overlay.Overlay {
	label := cmp.Or(schema.Get("title").Str, name)
	if d := schema.Get("description").Str; d != "" {
		label += ": " + d
	}
	list := &overlay.List{Title: title, Subtitle: label, Cancel: cancel}
	switch kind := schema.Get("type").Str; {
	case kind == "boolean":
		list.Items = []overlay.Item{{Label: "Yes", Do: func() { done(true) }}, {Label: "No", Do: func() { done(false) }}}
		return list
	case schema.Get("enum").IsArray():
		words := schema.Get("enumNames").Array()
		for i, v := range schema.Get("enum").Array() {
			shown := v.String()
			if i < len(words) {
				shown = words[i].String()
			}
			list.Items = append(list.Items, overlay.Item{Label: shown, Do: func() { done(v.Value()) }})
		}
		return list
	case kind == "number" || kind == "integer":
		return &overlay.Field{Title: title, Label: label, Cancel: cancel, Done: func(s string) {
			done(json.Number(strings.TrimSpace(s)))
		}, Check: func(s string) error {
			if s = strings.TrimSpace(s); !jsonrpc.Valid([]byte(s)) || gjson.Parse(s).Type != gjson.Number {
				return fmt.Errorf("a number is wanted")
			}
			return nil
		}}
	}
	return &overlay.Field{Title: title, Label: label, Cancel: cancel, Done: func(s string) { done(s) }}
}
