package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"codex/pkg/jsonrpc"
	"codex/pkg/models"
	"codex/pkg/protocol"
)

// tool is one tool of ours. Each has a file of its own, named for it, and beside that the
// description that the model reads (NAME.md).
type tool struct {
	name   string
	custom bool // called with text instead of JSON
	alone  bool // no other call may run beside it
	// known says whether a thread's calls of it are answered; nil is always.
	known func(s *Set) bool
	// offer describes the tool in a request, nil where it is not offered.
	offer func(o *SpecOptions) any
	run   func(s *Set, ctx context.Context, t *Turn, c Call) Output
}

// ours are our tools, in the order in which requests have them.
func ours() []tool {
	return []tool{
		{name: "exec_command", offer: offerExecCommand, run: withArguments((*Set).execCommand)},
		{name: "write_stdin", alone: true, offer: offerWriteStdin, run: withArguments((*Set).writeStdin)},
		{name: "shell_command", alone: true, offer: offerShellCommand, run: withArguments((*Set).shellCommand)},
		{name: "update_plan", alone: true, offer: offerUpdatePlan, run: withArguments((*Set).updatePlan)},
		{name: "request_user_input", alone: true, offer: offerRequestUserInput, run: withArguments((*Set).requestUserInput)},
		{name: "request_permissions", alone: true, known: func(s *Set) bool { return s.RequestPermissions }, offer: offerRequestPermissions, run: withArguments((*Set).requestPermissions)},
		{name: "apply_patch", custom: true, alone: true, offer: offerApplyPatch, run: (*Set).applyPatch},
		{name: "view_image", offer: offerViewImage, run: withArguments((*Set).viewImage)},
	}
}

// Function describes a tool with JSON arguments to the model.
type Function struct {
	Type        string `json:"type"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Strict      bool   `json:"strict"`
	Defer       bool   `json:"defer_loading,omitempty"`
	Parameters  any    `json:"parameters"`
}

// Describe is a function whose arguments are an A.
func Describe[A any](name, description string) *Function {
	return &Function{Type: "function", Name: name, Description: strings.TrimSpace(description), Parameters: schemaOf(reflect.TypeFor[A]())}
}

// parameters are the arguments' schema, for what depends on a thread's settings.
func (f *Function) parameters() map[string]*schema { return f.Parameters.(*schema).Properties }

// withArguments decodes the arguments of a call before it runs.
func withArguments[A any](run func(s *Set, ctx context.Context, t *Turn, c Call, a A) Output) func(*Set, context.Context, *Turn, Call) Output {
	return func(s *Set, ctx context.Context, t *Turn, c Call) Output {
		var a A
		if err := Decode(c.Arguments, &a); err != nil {
			return BadArguments(err)
		}
		return run(s, ctx, t, c, a)
	}
}

// SpecOptions say which tools a thread offers.
type SpecOptions struct {
	Model      models.Model
	ViewImage  bool
	AllowLogin bool
	Shell      string // "unified", "shell_command" or "" for none
	WebSearch  string // disabled, cached, indexed, live
	Web        WebSearch
	Questions  Questions
	Dynamic    []protocol.DynamicToolSpec
	External   []External
	Defer      Deferral
	// ExtraPermissions and RequestPermissions are as in [Options].
	ExtraPermissions, RequestPermissions bool
}

// lastOfCommands is the tool after which those for resources come.
const lastOfCommands = "shell_command"

// Specs is the tools member of a request, in the original's order: ours, the frontend's,
// the provider's. A tool of the frontend takes the place of ours with its name.
func Specs(o SpecOptions) (json.RawMessage, error) {
	all := []any{}
	for _, t := range ours() {
		if dynamic(o.Dynamic, "", t.name) == nil {
			if spec := t.offer(&o); spec != nil {
				all = append(all, spec)
			}
		}
		if t.name == lastOfCommands {
			for _, x := range o.External {
				all = append(all, x.Functions()...)
			}
		}
	}
	all = append(all, dynamicSpecs(o.Dynamic, o.Defer)...)
	for _, x := range o.External {
		all = append(all, x.Namespaces(o.Defer)...)
	}
	if search := offerToolSearch(&o); search != nil {
		all = append(all, search)
	}
	if slices.Contains([]string{"cached", "indexed", "live"}, o.WebSearch) {
		all = append(all, webSearchSpec(&o))
	}
	specs := make([]json.RawMessage, len(all))
	for i, spec := range all {
		raw, encoded := spec.(json.RawMessage) // large, and not to be looked at again
		if !encoded {
			var err error
			if raw, err = jsonrpc.Marshal(spec); err != nil {
				return nil, fmt.Errorf("describe tools: %w", err)
			}
		}
		specs[i] = raw
	}
	return Array(specs), nil
}

// Array puts what is JSON into an array.
func Array(all []json.RawMessage) json.RawMessage {
	n := 2
	for _, raw := range all {
		n += len(raw) + 1
	}
	b := append(make([]byte, 0, n), '[')
	for i, raw := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, raw...)
	}
	return append(b, ']')
}
