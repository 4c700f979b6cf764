package protocol

// InitializeParams holds the params of initialize.
type InitializeParams struct {
	ClientInfo   ClientInfo              `json:"clientInfo"`
	Capabilities *InitializeCapabilities `json:"capabilities,omitempty"`
}

// ClientInfo names the client; the user agent ends in it.
type ClientInfo struct {
	Name    string  `json:"name"`
	Title   *string `json:"title,omitempty"`
	Version string  `json:"version"`
}

// InitializeCapabilities says what a client can do.
type InitializeCapabilities struct {
	ExperimentalApi           bool     `json:"experimentalApi,omitempty" schema:"opt"`
	RequestAttestation        bool     `json:"requestAttestation,omitempty" schema:"opt"`
	OptOutNotificationMethods []string `json:"optOutNotificationMethods,omitempty"`
	// CodexTurn asks for the notifications under OursPrefix, which other clients do not
	// know. The original's schema does not have it, and neither has ours.
	CodexTurn bool `json:"codexTurn,omitempty" schema:"opt,ours"`
	// AgentThreads lets an engine tell of its agents as of threads of their own, which a
	// client of one thread does not expect. It is ours as well.
	AgentThreads bool `json:"agentThreads,omitempty" schema:"opt,ours"`
}

// InitializeResponse is the result of initialize.
type InitializeResponse struct {
	UserAgent      string `json:"userAgent"`
	CodexHome      string `json:"codexHome"`
	PlatformFamily string `json:"platformFamily"`
	PlatformOs     string `json:"platformOs"`
}
