package tools

import (
	"bytes"
	_ "embed" // the descriptions
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/models"
	"codex/pkg/protocol"
)

//go:embed describe/tools.json
var described []byte

// SpecOptions say which tools a thread offers.
type SpecOptions struct {
	Model      models.Model
	ViewImage  bool
	AllowLogin bool
	Shell      string // "unified", "shell_command" or "" for none
	WebSearch  string // disabled, cached, live
	Web        WebSearch
	Questions  Questions
	Dynamic    []protocol.DynamicToolSpec
	// ExtraPermissions and RequestPermissions are as in [Options].
	ExtraPermissions, RequestPermissions bool
}

// WebSearch are the settings of the hosted search.
type WebSearch struct {
	ContextSize string
	Domains     []string
	Location    map[string]string // country, region, city, timezone
}

// Specs is the tools member of a request, in the original's order.
func Specs(o SpecOptions) (json.RawMessage, error) {
	var out bytes.Buffer
	out.WriteByte('[')
	add := func(raw string) {
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		if err := json.Compact(&out, []byte(raw)); err != nil {
			panic("tools.json: " + err.Error()) // embedded and tested
		}
	}
	gjson.ParseBytes(described).ForEach(func(_, tool gjson.Result) bool {
		name := tool.Get("name").Str
		if dynamic(o.Dynamic, "", name) != nil {
			return true // the face brings its own
		}
		switch name {
		case "exec_command", "write_stdin":
			if o.Shell != "unified" {
				return true
			}
			if o.ExtraPermissions && name == "exec_command" {
				add(withGrants(tool.Raw, `"cmd":{`))
				return true
			}
		case "apply_patch":
			if o.RequestPermissions {
				add(reqPermsSpec())
			}
			if !o.Model.FreeformPatch {
				return true
			}
		case "view_image":
			if !o.ViewImage {
				return true
			}
		case "request_user_input":
			if o.Questions == QuestionsAlways {
				add(strings.Replace(tool.Raw, "Only there in Plan mode.", "There in every mode.", 1))
				return true
			}
		}
		add(tool.Raw)
		return true
	})
	face, err := dynamicSpecs(o.Dynamic)
	if err != nil {
		return nil, err
	}
	for _, raw := range face {
		add(string(raw))
	}
	if o.Shell == "shell_command" {
		shell := `{"type":"function","name":"shell_command","description":"Run a shell command and get its output when it has ended.","strict":false,"parameters":{"type":"object","properties":{"command":{"type":"string","description":"The command line, as the shell takes it."},"justification":{"type":"string","description":"With sandbox_permissions require_escalated only: why it needs to run outside the sandbox."},"login":{"type":"boolean","description":"Run as a login shell. Default true."},"prefix_rule":{"type":"array","description":"With require_escalated only: first words of commands to allow in future.","items":{"type":"string"}},"sandbox_permissions":{"type":"string","description":"use_default or require_escalated."},"timeout_ms":{"type":"number","description":"Time limit."},"workdir":{"type":"string","description":"Folder to run in."}},"required":["command"],"additionalProperties":false}}`
		if o.ExtraPermissions {
			shell = withGrants(shell, `"command":{`)
		}
		add(shell)
	}
	if o.WebSearch == "cached" || o.WebSearch == "live" {
		web, err := webSpec(o)
		if err != nil {
			return nil, err
		}
		add(web)
	}
	out.WriteByte(']')
	return out.Bytes(), nil
}

func webSpec(o SpecOptions) (string, error) {
	type filters struct {
		Domains []string `json:"allowed_domains"`
	}
	v := struct {
		Type     string            `json:"type"`
		External bool              `json:"external_web_access"`
		Filters  *filters          `json:"filters,omitempty"`
		Location map[string]string `json:"user_location,omitempty"`
		Size     string            `json:"search_context_size,omitempty"`
		Content  []string          `json:"search_content_types,omitempty"`
	}{Type: "web_search", External: o.WebSearch == "live", Size: o.Web.ContextSize}
	if len(o.Web.Domains) > 0 {
		v.Filters = &filters{o.Web.Domains}
	}
	if len(o.Web.Location) > 0 {
		v.Location = map[string]string{"type": "approximate"}
		for k, s := range o.Web.Location {
			v.Location[k] = s
		}
	}
	if o.Model.WebSearchType == "text_and_image" {
		v.Content = []string{"text", "image"}
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("describe web_search: %w", err)
	}
	return string(b), nil
}
