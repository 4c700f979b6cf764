package protocol

import (
	"encoding/json"
	"strconv"

	"codex/pkg/jsonrpc"
)

// ListMcpServerStatusParams holds the params of mcpServerStatus/list.
type ListMcpServerStatusParams struct {
	Cursor *string                `json:"cursor,omitempty"`
	Limit  *uint32                `json:"limit,omitempty"`
	Detail *McpServerStatusDetail `json:"detail,omitempty"`
}

// McpServerStatusDetail says how much of a server to list.
type McpServerStatusDetail string

// Words of McpServerStatusDetail.
const (
	McpServerStatusDetailFull             McpServerStatusDetail = "full"
	McpServerStatusDetailToolsAndAuthOnly McpServerStatusDetail = "toolsAndAuthOnly"
)

func (McpServerStatusDetail) Values() []string { return []string{"full", "toolsAndAuthOnly"} }

// ListMcpServerStatusResponse is the result of mcpServerStatus/list.
type ListMcpServerStatusResponse struct {
	Data       List[McpServerStatus] `json:"data"`
	NextCursor *string               `json:"nextCursor"`
}

// McpServerStatus is what is known of an MCP server.
type McpServerStatus struct {
	Name               string                 `json:"name"`
	Tools              Map[Tool]              `json:"tools"`
	Resources          List[Resource]         `json:"resources"`
	ResourceTemplates  List[ResourceTemplate] `json:"resourceTemplates"`
	AuthStatus         McpAuthStatus          `json:"authStatus"`
	EnvironmentID      Null                   `json:"environmentId" schema:"later"`
	RuntimeStatus      Null                   `json:"runtimeStatus" schema:"later"`
	PluginID           Null                   `json:"pluginId" schema:"later"`
	HTTPOrigin         *string                `json:"httpOrigin" schema:"later"`
	ServerInfo         *McpServerInfo         `json:"serverInfo" schema:"later"`
	ServerCapabilities Null                   `json:"serverCapabilities" schema:"later"`
	ToolListMeta       Null                   `json:"toolListMeta" schema:"later"`
	ToolsError         *string                `json:"toolsError" schema:"later"`
}

// McpServerInfo is what an MCP server calls itself.
type McpServerInfo struct {
	Name        string `json:"name"`
	Title       Null   `json:"title"`
	Version     string `json:"version"`
	Description Null   `json:"description"`
	Icons       Null   `json:"icons"`
	WebsiteURL  Null   `json:"websiteUrl"`
}

// Tool is an MCP tool, as its server describes it.
type Tool struct {
	Name         string            `json:"name"`
	Title        *string           `json:"title,omitempty"`
	Description  *string           `json:"description,omitempty"`
	InputSchema  json.RawMessage   `json:"inputSchema"`
	OutputSchema json.RawMessage   `json:"outputSchema,omitempty"`
	Annotations  json.RawMessage   `json:"annotations,omitempty"`
	Icons        []json.RawMessage `json:"icons,omitempty"`
	Meta         json.RawMessage   `json:"_meta,omitempty"`
}

// Resource is an MCP resource, as its server describes it.
type Resource struct {
	Annotations json.RawMessage   `json:"annotations,omitempty"`
	Description *string           `json:"description,omitempty"`
	MimeType    *string           `json:"mimeType,omitempty"`
	Name        string            `json:"name"`
	Size        *int64            `json:"size,omitempty"`
	Title       *string           `json:"title,omitempty"`
	Uri         string            `json:"uri"`
	Icons       []json.RawMessage `json:"icons,omitempty"`
	Meta        json.RawMessage   `json:"_meta,omitempty"`
}

// ResourceTemplate is an MCP resource template, as its server describes it.
type ResourceTemplate struct {
	Annotations json.RawMessage `json:"annotations,omitempty"`
	UriTemplate string          `json:"uriTemplate"`
	Name        string          `json:"name"`
	Title       *string         `json:"title,omitempty"`
	Description *string         `json:"description,omitempty"`
	MimeType    *string         `json:"mimeType,omitempty"`
}

// McpAuthStatus is the state of the login at an MCP server.
type McpAuthStatus string

// Words of McpAuthStatus.
const (
	McpAuthStatusUnsupported McpAuthStatus = "unsupported"
	McpAuthStatusNotLoggedIn McpAuthStatus = "notLoggedIn"
	McpAuthStatusBearerToken McpAuthStatus = "bearerToken"
	McpAuthStatusOAuth       McpAuthStatus = "oAuth"
)

func (McpAuthStatus) Values() []string {
	return []string{"unsupported", "notLoggedIn", "bearerToken", "oAuth"}
}

// McpServerOauthLoginParams holds the params of mcpServer/oauth/login.
type McpServerOauthLoginParams struct {
	Name        string   `json:"name"`
	Scopes      []string `json:"scopes,omitempty"`
	TimeoutSecs *int64   `json:"timeoutSecs,omitempty"`
}

// McpServerOauthLoginResponse is the result of mcpServer/oauth/login.
type McpServerOauthLoginResponse struct {
	AuthorizationURL string `json:"authorizationUrl"`
}

// McpResourceReadParams holds the params of mcpServer/resource/read.
type McpResourceReadParams struct {
	ThreadID *string `json:"threadId,omitempty"`
	Server   string  `json:"server"`
	Uri      string  `json:"uri"`
}

// McpResourceReadResponse is the result of mcpServer/resource/read.
type McpResourceReadResponse struct {
	Contents     List[ResourceContent] `json:"contents"`
	OriginCallID Null                  `json:"originCallId" schema:"later"`
}

// McpServerToolCallParams holds the params of mcpServer/tool/call.
type McpServerToolCallParams struct {
	ThreadID  string          `json:"threadId"`
	Server    string          `json:"server"`
	Tool      string          `json:"tool"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
	Meta      json.RawMessage `json:"_meta,omitempty"`
}

// McpServerToolCallResponse is the result of mcpServer/tool/call.
type McpServerToolCallResponse struct {
	Content           List[json.RawMessage] `json:"content"`
	StructuredContent json.RawMessage       `json:"structuredContent,omitempty"`
	IsError           *bool                 `json:"isError,omitempty"`
	Meta              json.RawMessage       `json:"_meta,omitempty"`
}

// McpServerStatusUpdatedNotification holds the params of mcpServer/startupStatus/updated.
type McpServerStatusUpdatedNotification struct {
	Name          string                `json:"name"`
	Status        McpServerStartupState `json:"status"`
	Error         *string               `json:"error"`
	ThreadID      *string               `json:"threadId" schema:"later"`
	EnvironmentID Null                  `json:"environmentId" schema:"later"`
	FailureReason Null                  `json:"failureReason" schema:"later"`
}

// McpServerStartupState is the state of a starting MCP server.
type McpServerStartupState string

// Words of McpServerStartupState.
const (
	McpServerStartupStateStarting  McpServerStartupState = "starting"
	McpServerStartupStateReady     McpServerStartupState = "ready"
	McpServerStartupStateFailed    McpServerStartupState = "failed"
	McpServerStartupStateCancelled McpServerStartupState = "cancelled"
)

func (McpServerStartupState) Values() []string {
	return []string{"starting", "ready", "failed", "cancelled"}
}

// McpServerOauthLoginCompletedNotification holds the params of mcpServer/oauthLogin/completed.
type McpServerOauthLoginCompletedNotification struct {
	Name     string  `json:"name"`
	Success  bool    `json:"success"`
	Error    *string `json:"error,omitempty"`
	ThreadID Null    `json:"threadId" schema:"later"`
}

// PageOfServers is the answer to mcpServerStatus/list: the part of all that was asked for.
// Cursors are the number of the next one.
func PageOfServers(all []McpServerStatus, p *ListMcpServerStatusParams) (*ListMcpServerStatusResponse, error) {
	from, limit := 0, len(all)
	if p.Cursor != nil {
		n, err := strconv.Atoi(*p.Cursor)
		if err != nil || n < 0 {
			return nil, jsonrpc.Invalidf("invalid cursor: %s", jsonrpc.Shorten(*p.Cursor))
		}
		if n > len(all) {
			return nil, jsonrpc.Invalidf("cursor %d exceeds total MCP servers %d", n, len(all))
		}
		from = n
	}
	if p.Limit != nil {
		limit = max(int(*p.Limit), 1)
	}
	r := &ListMcpServerStatusResponse{Data: all[from:min(from+limit, len(all))]}
	if next := from + len(r.Data); next < len(all) {
		c := strconv.Itoa(next)
		r.NextCursor = &c
	}
	return r, nil
}
