package config

import "time"

// Provider is one way to reach a model. Defaults are filled in.
type Provider struct {
	ID, Name string
	// BaseURL is "" when the default for the kind of login applies.
	BaseURL string
	// EnvKey names the variable with the key; BearerToken is a literal one.
	EnvKey, EnvKeyInstructions, BearerToken string
	WireAPI                                 string // responses
	// Command is a program that speaks the wire on its stdio instead of HTTP.
	Command []string
	Auth    *CommandAuth
	// QueryParams are sorted by name.
	QueryParams                         []Param
	HTTPHeaders, EnvHTTPHeaders         map[string]string
	RequestMaxRetries, StreamMaxRetries int
	StreamIdleTimeout                   time.Duration
	WebsocketConnectTimeout             time.Duration
	RequiresOpenAIAuth                  bool
	SupportsWebsockets                  bool
	// AWSProfile and AWSRegion belong to amazon-bedrock.
	AWSProfile, AWSRegion string
}

// Param is one query parameter, not escaped.
type Param struct{ Name, Value string }

// CommandAuth is a program that prints a bearer token.
type CommandAuth struct {
	Command         string
	Args            []string
	Cwd             string
	Timeout         time.Duration
	RefreshInterval time.Duration // 0: only after a 401
}

// OpenAI tells whether provider-specific behaviour of the vendor's own service
// applies: the test is the name, as the original's is.
func (p Provider) OpenAI() bool { return p.Name == "OpenAI" }
