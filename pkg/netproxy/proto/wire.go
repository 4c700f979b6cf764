// Package proto has the lines between codex-netproxy and the process that
// started it, and the environment that leads programs to the proxy.
//
// The lines are JSON-RPC without the "jsonrpc" member, as on every pipe of the
// suite. The caller begins with initialize, then says listen and close; the
// proxy tells of what it blocked, and asks with decide where it was told to.
// codex-netproxy(1) describes them.
//
// Ground layer: it imports package policy only.
package proto

import "codex/pkg/policy"

// Methods. The first four are requests to the proxy, Decide is one to its
// caller, Blocked a notification to it.
const (
	Initialize = "initialize"
	Listen     = "listen"
	Close      = "close"
	Rule       = "rule"
	Decide     = "decide"
	Blocked    = "blocked"
)

// InitializeParams are the first line. Its result is an empty object.
type InitializeParams struct {
	Settings policy.ProxySettings `json:"settings"`
	Ask      bool                 `json:"ask,omitempty"` // hosts in no list are asked about
}

// ListenParams open a pair of listeners under a name of the caller's, which
// comes back in what is said about their connections. HTTP and Socks are
// addresses of the loopback interface, "" for none, or FD: then the listening
// sockets come with the line as SCM_RIGHTS, HTTP's first.
type ListenParams struct {
	ID    string `json:"id"`
	HTTP  string `json:"http,omitempty"`
	Socks string `json:"socks,omitempty"`
}

// FD says that a listener comes as a file descriptor.
const FD = "fd"

// ListenResult says where the listeners are.
type ListenResult struct {
	HTTP  string `json:"http,omitempty"`
	Socks string `json:"socks,omitempty"`
}

// CloseParams end the listeners of an id and their connections.
type CloseParams struct {
	ID string `json:"id"`
}

// RuleParams add an entry to the lists, for all listeners.
type RuleParams struct {
	Host     string `json:"host"`     // a pattern
	Decision string `json:"decision"` // policy.DomainAllow or policy.DomainDeny
}

// Attempt is a connection that was tried: the params of Blocked and Decide.
type Attempt struct {
	ID       string `json:"id,omitempty"` // of the listeners
	Protocol string `json:"protocol"`     // one of the constants below
	Host     string `json:"host"`
	Port     uint16 `json:"port"`
	Method   string `json:"method,omitempty"` // of a plain HTTP request
	Reason   string `json:"reason,omitempty"` // why it was blocked

	// Message says that to a person, and what to do about it.
	Message string `json:"message,omitempty"`
}

// DecideResult answers Decide. What is allowed is so until the listeners of
// the id close, what is not is asked about again the next time.
type DecideResult struct {
	Allow bool `json:"allow"`
}

// Protocols of an Attempt, in the original's words.
const (
	ProtocolHTTP    = "http"
	ProtocolConnect = "https_connect"
	ProtocolSocks   = "socks5_tcp"
)

// Reasons beside those of package hosts.
const (
	ReasonMethod = "method_not_allowed"
	ReasonMitm   = "mitm_required"
	ReasonPolicy = "policy_denied"
)
