package tools

import (
	"context"
	"encoding/json"
	"fmt"

	"codex/pkg/jsonrpc"
)

// External are tools that come from outside: those of servers of the Model Context Protocol,
// those with which a thread has agents, and those of goals.
type External interface {
	// Functions and Namespaces describe in a request those that are not deferred.
	Functions() []any
	Namespaces(d Deferral) []any
	// Sources say, a line each, where those that are deferred are from; nil for none.
	Sources(d Deferral) []string
	// Deferred are those, for a search.
	Deferred(d Deferral) []Deferred
	// Find gives what answers a call, and whether it must run alone; nil for nothing.
	Find(namespace, name string) (run func(context.Context, *Turn, Call) Output, alone bool)
}

// Namespace describes tools that belong together.
type Namespace struct {
	Type        string `json:"type"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Tools       []any  `json:"tools"`
}

// McpEnd is the mcp_tool_call_end event of session files.
type McpEnd struct {
	Type       string        `json:"type"`
	CallID     string        `json:"call_id"`
	Invocation McpInvocation `json:"invocation"`
	Duration   McpDuration   `json:"duration"`
	Result     McpResult     `json:"result"`
}

// McpInvocation is what was called.
type McpInvocation struct {
	Server    string          `json:"server"`
	Tool      string          `json:"tool"`
	Arguments json.RawMessage `json:"arguments"`
}

// McpDuration is how long it took.
type McpDuration struct {
	Secs  int64 `json:"secs"`
	Nanos int64 `json:"nanos"`
}

// McpResult is the result of the server, or why there is none.
type McpResult struct {
	Ok  json.RawMessage `json:"Ok,omitempty"`
	Err string          `json:"Err,omitempty"`
}

// Defer is a function of a namespace, for a search; words are some more that it goes by.
func Defer(namespace, about, words string, f *Function) Deferred {
	deferred := *f
	deferred.Defer = true
	spec, err := jsonrpc.Marshal(deferred)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", f, err)) // ours, or a client's that has been read
	}
	schema, _ := jsonrpc.Marshal(f.Parameters) // as above
	return Deferred{namespace, f.Name, about, f.Description + " " + words + SchemaText(schema), spec}
}
