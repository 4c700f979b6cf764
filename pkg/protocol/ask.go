package protocol

import "encoding/json"

// ToolRequestUserInputParams holds the params of the item/tool/requestUserInput request
// to the client.
type ToolRequestUserInputParams struct {
	ThreadID         string                             `json:"threadId"`
	TurnID           string                             `json:"turnId"`
	ItemID           string                             `json:"itemId"`
	Questions        List[ToolRequestUserInputQuestion] `json:"questions"`
	IsBlocking       bool                               `json:"isBlocking" schema:"later"`
	AutoResolutionMs Null                               `json:"autoResolutionMs" schema:"later"`
}

// ToolRequestUserInputQuestion is one question to the user.
type ToolRequestUserInputQuestion struct {
	ID       string                       `json:"id"`
	Header   string                       `json:"header"`
	Question string                       `json:"question"`
	IsOther  bool                         `json:"isOther" schema:"opt"`
	IsSecret bool                         `json:"isSecret" schema:"opt"`
	Options  []ToolRequestUserInputOption `json:"options"`
}

// ToolRequestUserInputOption is one answer to choose.
type ToolRequestUserInputOption struct {
	Label       string `json:"label"`
	Description string `json:"description"`
}

// ToolRequestUserInputResponse is the client's answer to item/tool/requestUserInput.
type ToolRequestUserInputResponse struct {
	Answers Map[ToolRequestUserInputAnswer] `json:"answers"`
}

// ToolRequestUserInputAnswer holds what the user chose or wrote.
type ToolRequestUserInputAnswer struct {
	Answers List[string] `json:"answers"`
}

// McpServerElicitationRequestParams holds the params of the mcpServer/elicitation/request request
// to the client. It is a tagged union.
type McpServerElicitationRequestParams struct {
	ThreadID   string          `json:"threadId"`
	TurnID     *string         `json:"turnId"`
	ServerName string          `json:"serverName"`
	Mode       string          `json:"mode" schema:"union=form|url"`
	Meta       json.RawMessage `json:"_meta" in:"form?,url?"`
	Message    string          `json:"message"`
	// RequestedSchema is an object schema of strings, numbers, booleans and enums.
	RequestedSchema json.RawMessage `json:"requestedSchema" in:"form"`
	URL             string          `json:"url" in:"url"`
	ElicitationID   string          `json:"elicitationId" in:"url"`
}

// Variants of McpServerElicitationRequestParams.
const (
	McpServerElicitationRequestParamsForm = "form"
	McpServerElicitationRequestParamsURL  = "url"
)

// MarshalJSON writes the fields of the variant named by Mode.
func (v McpServerElicitationRequestParams) MarshalJSON() ([]byte, error) { return marshalUnion(v) }

// McpServerElicitationRequestResponse is the client's answer to
// mcpServer/elicitation/request.
type McpServerElicitationRequestResponse struct {
	Action  McpServerElicitationAction `json:"action"`
	Content json.RawMessage            `json:"content" schema:"opt"`
	Meta    json.RawMessage            `json:"_meta" schema:"opt"`
}

// McpServerElicitationAction is what the user did with an elicitation.
type McpServerElicitationAction string

// Words of McpServerElicitationAction.
const (
	McpServerElicitationActionAccept  McpServerElicitationAction = "accept"
	McpServerElicitationActionDecline McpServerElicitationAction = "decline"
	McpServerElicitationActionCancel  McpServerElicitationAction = "cancel"
)

func (McpServerElicitationAction) Values() []string { return []string{"accept", "decline", "cancel"} }

// DynamicToolCallParams holds the params of the item/tool/call request to the client.
type DynamicToolCallParams struct {
	ThreadID  string          `json:"threadId"`
	TurnID    string          `json:"turnId"`
	CallID    string          `json:"callId"`
	Namespace *string         `json:"namespace"`
	Tool      string          `json:"tool"`
	Arguments json.RawMessage `json:"arguments"`
}

// DynamicToolCallResponse is the client's answer to item/tool/call.
type DynamicToolCallResponse struct {
	ContentItems List[DynamicToolCallOutputContentItem] `json:"contentItems"`
	Success      bool                                   `json:"success"`
}

// ChatgptAuthTokensRefreshParams holds the params of the
// account/chatgptAuthTokens/refresh request to the client.
type ChatgptAuthTokensRefreshParams struct {
	Reason            ChatgptAuthTokensRefreshReason `json:"reason"`
	PreviousAccountID *string                        `json:"previousAccountId,omitempty"`
}

// ChatgptAuthTokensRefreshReason says why new tokens are wanted.
type ChatgptAuthTokensRefreshReason string

// ChatgptAuthTokensRefreshReasonUnauthorized is the one word that code says.
const ChatgptAuthTokensRefreshReasonUnauthorized ChatgptAuthTokensRefreshReason = "unauthorized"

func (ChatgptAuthTokensRefreshReason) Values() []string { return []string{"unauthorized"} }

// ChatgptAuthTokensRefreshResponse is the client's answer to
// account/chatgptAuthTokens/refresh.
type ChatgptAuthTokensRefreshResponse struct {
	AccessToken      string  `json:"accessToken"`
	ChatgptAccountID string  `json:"chatgptAccountId"`
	ChatgptPlanType  *string `json:"chatgptPlanType"`
}

// AttestationGenerateResponse is the client's answer to attestation/generate.
type AttestationGenerateResponse struct {
	Token string `json:"token"`
}
