package mcp

import (
	"encoding/json"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
	"codex/pkg/mcp/wire"
)

// digest is what a request is made of, out of a manifest: it is kept, so that a thread need
// not read schemas that its model will be sent as they were the last time.
type digest struct {
	instructions string
	sandboxState bool
	count        int    // of tools
	text         []byte // JSON of the tools that nobody has asked for yet
	offers       []offer
}

// offer is a tool as it is offered.
type offer struct {
	Name        string `json:"name"`
	Title       raw    `json:"title"`
	Description raw    `json:"description"`
	Hints       raw    `json:"hints"`
	Schema      raw    `json:"schema"`
}

// raw is JSON, and goes into requests as it is.
type raw string

// MarshalJSON implements json.Marshaler.
func (r raw) MarshalJSON() ([]byte, error) { return []byte(r), nil }

// digestOf reads the tools of a manifest; one that cannot be called is left out, and so is
// another one with the same name.
func digestOf(m *wire.Manifest) *digest {
	d := &digest{instructions: m.Instructions, sandboxState: m.SandboxState, offers: make([]offer, 0, len(m.Tools))}
	names := map[string]bool{}
	for _, t := range m.Tools {
		if o, ok := readTool(t); ok && !names[o.Name] {
			d.offers = append(d.offers, o)
			names[o.Name] = true
		}
	}
	d.count = len(d.offers)
	return d
}

// maxTool bounds the description of a tool: it is in every request.
const maxTool = 1 << 20

// readTool reads a tool as its server describes it; false for one that is not offered.
func readTool(text json.RawMessage) (o offer, ok bool) {
	if len(text) > maxTool {
		return o, false
	}
	var t struct {
		Name        string          `json:"name"`
		Title       string          `json:"title"`
		Description string          `json:"description"`
		InputSchema json.RawMessage `json:"inputSchema"`
		Annotations hints           `json:"annotations"`
	}
	if json.Unmarshal(text, &t) != nil {
		return o, false
	}
	schema, ok := cleanSchema(t.InputSchema)
	if !ok {
		return o, false
	}
	o.Name, o.Schema = t.Name, raw(schema)
	for to, v := range map[*raw]any{&o.Title: t.Title, &o.Description: t.Description, &o.Hints: t.Annotations} {
		b, err := jsonrpc.Marshal(v)
		if err != nil {
			return o, false
		}
		*to = raw(b)
	}
	return o, true
}

// tools are read when they are asked for. The caller holds the Servers' mu.
func (d *digest) tools() []offer {
	if d.text != nil {
		d.offers = parseOffers(d.text)
		d.count, d.text = len(d.offers), nil
	}
	return d.offers
}

// parseOffers reads tools that were kept; nil for anything else. What is raw points into a
// copy of the text.
func parseOffers(text []byte) []offer {
	if jsonrpc.Check(text) != nil {
		return nil
	}
	all, sound := []offer{}, true
	gjson.ParseBytes(text).ForEach(func(_, t gjson.Result) bool {
		member := func(name string) raw { return raw(t.Get(name).Raw) } // the schema, which is long, is the last
		o := offer{t.Get("name").Str, member("title"), member("description"), member("hints"), member("schema")}
		sound = o.sound()
		all = append(all, o)
		return sound
	})
	if !sound {
		return nil
	}
	return all
}

// sound says whether a request can be made of the tool.
func (o *offer) sound() bool {
	text := func(r raw) bool { return r != "" && r[0] == '"' }
	return text(o.Title) && text(o.Description) && o.Hints != "" && o.Schema != "" && o.Schema[0] == '{'
}

// title, description and hints are decoded for who looks at them.
func (o *offer) title() string       { return gjson.Parse(string(o.Title)).Str }
func (o *offer) description() string { return gjson.Parse(string(o.Description)).Str }

func (o *offer) hints() (h hints) {
	_ = json.Unmarshal([]byte(o.Hints), &h) // what cannot be read spares no question
	return h
}
