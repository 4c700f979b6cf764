package mcp

import (
	"encoding/json"
	"slices"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
	"codex/pkg/mcp/wire"
)

// digest is what a request is made of, out of a manifest: it is kept, so that a thread need
// not read schemas that its model will be sent as they were the last time.
type digest struct {
	Version      int     `json:"v"` // digestVersion
	Instructions string  `json:"instructions"`
	SandboxState bool    `json:"sandboxState"`
	Tools        []offer `json:"tools"`
}

// digestVersion tells digests of other versions of this program apart.
const digestVersion = 1

// offer is a tool as it is offered. What is raw is JSON, and goes into requests as it is.
type offer struct {
	Name        string          `json:"name"`
	Title       json.RawMessage `json:"title"`
	Description json.RawMessage `json:"description"`
	Hints       json.RawMessage `json:"hints"`
	Schema      json.RawMessage `json:"schema"`
}

// digestOf reads the tools of a manifest; one that cannot be called is left out.
func digestOf(m *wire.Manifest) *digest {
	d := &digest{Version: digestVersion, Instructions: m.Instructions, SandboxState: m.SandboxState, Tools: make([]offer, 0, len(m.Tools))}
	for _, raw := range m.Tools {
		if o, ok := readTool(raw); ok {
			d.Tools = append(d.Tools, o)
		}
	}
	return d
}

// readTool reads a tool as its server describes it; false for one that is not offered.
func readTool(raw json.RawMessage) (o offer, ok bool) {
	var t struct {
		Name        string          `json:"name"`
		Title       string          `json:"title"`
		Description string          `json:"description"`
		InputSchema json.RawMessage `json:"inputSchema"`
		Annotations hints           `json:"annotations"`
	}
	if json.Unmarshal(raw, &t) != nil {
		return o, false
	}
	if o.Schema, ok = cleanSchema(t.InputSchema); !ok {
		return o, false
	}
	o.Name = t.Name
	for to, v := range map[*json.RawMessage]any{&o.Title: t.Title, &o.Description: t.Description, &o.Hints: t.Annotations} {
		b, err := jsonrpc.Marshal(v)
		if err != nil {
			return o, false
		}
		*to = b
	}
	return o, true
}

// parseDigest reads a digest that was kept; nil for anything else. Its raw parts point into
// the text.
func parseDigest(text []byte) *digest {
	if jsonrpc.Check(text) != nil {
		return nil
	}
	d := &digest{Tools: []offer{}}
	sound := true
	gjson.ParseBytes(text).ForEach(func(k, v gjson.Result) bool {
		switch k.Str {
		case "v":
			d.Version = int(v.Int())
		case "instructions":
			d.Instructions = v.Str
		case "sandboxState":
			d.SandboxState = v.Bool()
		case "tools":
			sound = v.IsArray()
			v.ForEach(func(_, t gjson.Result) bool {
				var o offer
				t.ForEach(func(k, v gjson.Result) bool {
					switch k.Str {
					case "name":
						o.Name = v.Str
					case "title":
						o.Title = json.RawMessage(v.Raw)
					case "description":
						o.Description = json.RawMessage(v.Raw)
					case "hints":
						o.Hints = json.RawMessage(v.Raw)
					case "schema":
						o.Schema = json.RawMessage(v.Raw)
					}
					return true
				})
				sound = sound && o.sound()
				d.Tools = append(d.Tools, o)
				return sound
			})
		}
		return true
	})
	if !sound || d.Version != digestVersion {
		return nil
	}
	return d
}

// sound says whether a request can be made of the tool.
func (o *offer) sound() bool {
	return !slices.ContainsFunc([]json.RawMessage{o.Title, o.Description}, func(s json.RawMessage) bool { return len(s) == 0 || s[0] != '"' }) &&
		len(o.Hints) > 0 && len(o.Schema) > 0 && o.Schema[0] == '{'
}

// title, description and hints are decoded for who looks at them.
func (o *offer) title() string       { return gjson.ParseBytes(o.Title).Str }
func (o *offer) description() string { return gjson.ParseBytes(o.Description).Str }

func (o *offer) hints() (h hints) {
	_ = json.Unmarshal(o.Hints, &h) // what cannot be read spares no question
	return h
}
