package config

import "time"

// Provider is one way to reach a model. Defaults are filled in.
type Provider struct {
	ID, Name string
	// BaseURL is "" when the default for the kind of login applies.
	BaseURL string
	// EnvKey names the variable with the key; BearerToken is a literal one.
	EnvKey, EnvKeyInstructions, BearerToken string
	// Command is a program that speaks the wire on its stdio instead of HTTP.
	Command []string
	Auth    *CommandAuth
	// QueryParams are sorted by name.
	QueryParams                         []Param
	HTTPHeaders, EnvHTTPHeaders         map[string]string
	RequestMaxRetries, StreamMaxRetries int
	StreamIdleTimeout                   time.Duration
	RequiresOpenAIAuth                  bool
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
