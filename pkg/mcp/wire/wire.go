// Package wire has the types of the lines between the engine and codex-mcp pool, which keeps
// the servers of the Model Context Protocol that a thread uses. Lines are those of package
// jsonrpc. The engine asks:
//
//	server/start      start a server, or join one that runs; its manifest
//	server/manifest   what it offers now
//	server/call       call a tool; its result as it came
//	server/auth       how a server knows us, started or not
//	server/resources, server/templates, server/read
//	call/cancel       a notification: give a call up
//
// and is told or asked:
//
//	server/elicit     a question of a server to the user; the answer
//	server/progress, server/changed
//
// At the end of its input the pool ends every server that nobody else uses.
//
// Ground layer: it imports config and gjson, and nothing of the protocol of servers.
package wire

import (
	"encoding/json"
	"errors"

	"github.com/tidwall/gjson"

	"codex/pkg/config"
)

// Methods of both directions.
const (
	MethodStart     = "server/start"
	MethodManifest  = "server/manifest"
	MethodCall      = "server/call"
	MethodResources = "server/resources"
	MethodTemplates = "server/templates"
	MethodRead      = "server/read"
	MethodAuth      = "server/auth"
	MethodCancel    = "call/cancel"
	MethodElicit    = "server/elicit"
	MethodProgress  = "server/progress"
	MethodChanged   = "server/changed"
)

// SocketDir begins the name of a folder that is made for the socket of a pool alone, which takes
// it away when it ends: who made it may be killed.
const SocketDir = "codex-mcp-"

// Kinds of errors, the data of an answer's error.
const (
	KindTimeout = "timeout"
	KindAuth    = "auth" // it wants a login
)

// StartParams ask for a server under a name of the engine's.
type StartParams struct {
	Server  config.MCPServer `json:"server"`
	Elicits bool             `json:"elicits,omitempty"` // questions can be answered
}

// Auth says how a server knows us: a word of protocol.McpAuthStatus.
type Auth struct {
	Status string `json:"status"`
}

// NameParams are about a started server.
type NameParams struct {
	Name string `json:"name"`
}

// Manifest is what a server says of itself.
type Manifest struct {
	Instructions string            `json:"instructions,omitempty"`
	Server       string            `json:"server,omitempty"`
	Version      string            `json:"version,omitempty"`
	Protocol     string            `json:"protocol,omitempty"`
	Resources    bool              `json:"resources,omitempty"`
	SandboxState bool              `json:"sandboxState,omitempty"` // it wants to know of the sandbox
	Tools        []json.RawMessage `json:"tools"`
}

// CallParams call a tool.
type CallParams struct {
	Name      string          `json:"name"`
	Call      int64           `json:"call"` // the engine's number of it
	Tool      string          `json:"tool"`
	Arguments json.RawMessage `json:"arguments,omitempty"` // an object
	Meta      json.RawMessage `json:"meta,omitempty"`      // an object
}

// ReadCall reads the params of a call, whose JSON is sound; nothing of it points into them.
// Calls are what is to be quick.
func ReadCall(params json.RawMessage) (p CallParams) {
	gjson.ParseBytes(params).ForEach(func(k, v gjson.Result) bool {
		switch k.Str {
		case "name":
			p.Name = v.String()
		case "call":
			p.Call = v.Int()
		case "tool":
			p.Tool = v.String()
		case "arguments":
			p.Arguments = json.RawMessage(v.Raw)
		case "meta":
			p.Meta = json.RawMessage(v.Raw)
		}
		return true
	})
	return p
}

// CancelParams give up a call.
type CancelParams struct {
	Call int64 `json:"call"`
}

// PageParams ask for one page of resources or templates.
type PageParams struct {
	Name   string `json:"name"`
	Cursor string `json:"cursor,omitempty"`
}

// Page is one page.
type Page struct {
	Items []json.RawMessage `json:"items"`
	Next  string            `json:"next,omitempty"`
}

// ReadParams ask for a resource.
type ReadParams struct {
	Name string `json:"name"`
	URI  string `json:"uri"`
}

// ElicitParams are a question of a server: the params of its elicitation/create.
type ElicitParams struct {
	Name   string          `json:"name"`
	Params json.RawMessage `json:"params"`
}

// ProgressParams say how far a call is.
type ProgressParams struct {
	Call     int64   `json:"call"`
	Progress float64 `json:"progress"`
	Total    float64 `json:"total,omitempty"`
	Message  string  `json:"message,omitempty"`
}

// ErrNoResult is an answer that is no result of what was asked for.
var ErrNoResult = errors.New("Unexpected response type")

// IsResult says whether the answer of a server to a call of a tool is one.
func IsResult(raw json.RawMessage) bool {
	var r struct {
		Content    []json.RawMessage `json:"content"`
		Structured json.RawMessage   `json:"structuredContent"`
	}
	return json.Unmarshal(raw, &r) == nil && (r.Content != nil || len(r.Structured) > 0 && string(r.Structured) != "null")
}
