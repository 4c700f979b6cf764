package tools

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"codex/pkg/engine/item"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// dynamic finds a tool of the frontend by the names that the model used.
func dynamic(specs []protocol.DynamicToolSpec, namespace, name string) *protocol.DynamicToolSpec {
	for i := range specs {
		if specs[i].Name == name && protocol.Value(specs[i].Namespace) == namespace {
			return &specs[i]
		}
	}
	return nil
}

// callDynamic lets the frontend run its tool and gives the model what comes back.
func (s *Set) callDynamic(ctx context.Context, t *Turn, c Call) Output {
	var arguments json.RawMessage
	if err := json.Unmarshal([]byte(c.Arguments), &arguments); err != nil {
		return BadArguments(err)
	}
	namespace := protocol.Optional(c.Namespace)
	item := protocol.DynamicToolCallItem{Type: protocol.ItemDynamicToolCall, ID: c.ID, Namespace: namespace, Tool: c.Name, Arguments: arguments,
		Status: protocol.DynamicToolCallStatusInProgress}
	t.Out.ItemStarted(new(item))
	started := time.Now()
	r := answered(t.Out.CallTool(ctx, protocol.DynamicToolCallParams{ThreadID: t.ThreadID, TurnID: t.TurnID, CallID: c.ID,
		Namespace: namespace, Tool: c.Name, Arguments: arguments}))
	item.ContentItems, item.Success, item.DurationMs = r.ContentItems, &r.Success, new(time.Since(started).Milliseconds())
	item.Status = protocol.DynamicToolCallStatusCompleted
	if !r.Success {
		item.Status = protocol.DynamicToolCallStatusFailed
	}
	t.Out.ItemCompleted(&item)
	return dynamicOutput(r.ContentItems, t.Limit.Recorded())
}

// answered reads the frontend's answer; one that it refused, or that makes no sense, is a
// failure that the model hears of.
func answered(raw json.RawMessage, err error) (r protocol.DynamicToolCallResponse) {
	why := ""
	var refused *jsonrpc.Error
	switch {
	case errors.As(err, &refused):
		why = "dynamic tool request failed"
	case err != nil:
		why = "dynamic tool call was cancelled before receiving a response"
	default:
		var items struct {
			ContentItems *[]protocol.DynamicToolCallOutputContentItem `json:"contentItems"`
			Success      *bool                                        `json:"success"`
		}
		if json.Unmarshal(raw, &items) != nil || items.ContentItems == nil || items.Success == nil || !known(*items.ContentItems) {
			why = "dynamic tool response was invalid"
			break
		}
		return protocol.DynamicToolCallResponse{ContentItems: *items.ContentItems, Success: *items.Success}
	}
	r.ContentItems = protocol.List[protocol.DynamicToolCallOutputContentItem]{{Type: protocol.DynamicToolCallOutputContentItemInputText, Text: why}}
	return r
}

func known(items []protocol.DynamicToolCallOutputContentItem) bool {
	for _, i := range items {
		switch i.Type {
		case protocol.DynamicToolCallOutputContentItemInputText, protocol.DynamicToolCallOutputContentItemInputImage:
		default:
			return false
		}
	}
	return true
}

// dynamicOutput is a text when there is one text, else a list of content items.
func dynamicOutput(items []protocol.DynamicToolCallOutputContentItem, l Limit) Output {
	if len(items) == 1 && items[0].Type == protocol.DynamicToolCallOutputContentItemInputText {
		return Output{Text: items[0].Text}
	}
	content := make([]json.RawMessage, len(items))
	for n, i := range items {
		if i.Type == protocol.DynamicToolCallOutputContentItemInputText {
			content[n] = item.TextPart(l.Cut(i.Text))
		} else {
			content[n] = item.ImagePart(i.ImageURL, "high")
		}
	}
	return Output{Content: Array(content)}
}

// deferredTool says whether the model looks for a tool of the frontend, which has a namespace
// then.
func deferredTool(spec *protocol.DynamicToolSpec, d Deferral) bool {
	return spec.DeferLoading && spec.Namespace != nil && d != DeferNone
}

// dynamicSources names the namespaces of the tools that the model looks for.
func dynamicSources(specs []protocol.DynamicToolSpec) (names []string) {
	for i := range specs {
		if spec := &specs[i]; deferredTool(spec, DeferMany) && !slices.Contains(names, *spec.Namespace) {
			names = append(names, *spec.Namespace)
		}
	}
	return names
}

// dynamicDeferred are the frontend's tools for a search.
func dynamicDeferred(specs []protocol.DynamicToolSpec) (all []Deferred) {
	for i := range specs {
		spec := &specs[i]
		if !deferredTool(spec, DeferMany) {
			continue
		}
		f := &Function{Type: "function", Name: spec.Name, Description: spec.Description, Parameters: spec.InputSchema}
		all = append(all, Defer(*spec.Namespace, aboutNamespace(*spec.Namespace), "", f))
	}
	return all
}

func aboutNamespace(name string) string { return "Tools in the " + name + " namespace." }

// dynamicSpecs describes the frontend's tools that the model need not look for: those of a
// namespace together, where its first one stands.
func dynamicSpecs(specs []protocol.DynamicToolSpec, d Deferral) []any {
	groups := map[string]*Namespace{}
	var all []any
	for i := range specs {
		spec := &specs[i]
		if deferredTool(spec, d) {
			continue
		}
		f := &Function{Type: "function", Name: spec.Name, Description: spec.Description, Parameters: spec.InputSchema}
		if spec.Namespace == nil {
			all = append(all, f)
			continue
		}
		g := groups[*spec.Namespace]
		if g == nil {
			g = &Namespace{Type: "namespace", Name: *spec.Namespace, Description: aboutNamespace(*spec.Namespace)}
			groups[*spec.Namespace] = g
			all = append(all, g)
		}
		g.Tools = append(g.Tools, f)
	}
	return all
}
