package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/tidwall/gjson"

	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/watchdog"
)

// legacyVersion is the newest revision of the protocol that begins with a handshake.
const legacyVersion = "2025-11-25"

// Server is the settings of one server.
type Server = config.MCPServer

// Options are what a Client needs beside the settings. Nil functions are not called.
type Options struct {
	Environ []string // ours: what a program gets of it, and where secrets are looked up
	Version string   // of this program, as the server is told
	// Guard has programs ended should this one be killed: Self is its file, which calls
	// watchdog.Init, "" for none.
	Guard *watchdog.Guard
	Self  string
	// Log takes words about servers, what programs say on standard error among them.
	Log func(line string)
	// Authorize wraps requests to an address, to put stored credentials into them.
	Authorize func(s Server, next http.RoundTripper) http.RoundTripper
	// Elicit answers a question of the server (params and result of elicitation/create).
	// Nil is a client that does not take questions.
	Elicit func(ctx context.Context, params json.RawMessage) (json.RawMessage, error)
	// Changed is called when the server says that its tools are others now.
	Changed func()
	// Modern begins with the handshake of 2026-07-28, for a program on stdio as well, which
	// else is asked for it only if it refuses the older one.
	Modern bool
}

func (o Options) log(format string, args ...any) {
	if o.Log != nil {
		o.Log(fmt.Sprintf(format, args...))
	}
}

// Client is a server that has answered the handshake. Its methods may be called from any
// goroutine. A server that has gone is started again by the next call.
type Client struct {
	server Server
	opts   Options
	tokens atomic.Int64
	limits limits
	news   news // that tools have changed
	// refused is the first word of a server that wants a login, since the last dial.
	refused atomic.Pointer[LoginError]

	progress listeners

	starting chan struct{} // has a token while the server is started anew

	mu      sync.Mutex
	session *session
	closed  bool
}

// session is one connection to the server.
type session struct {
	*sdk.ClientSession
	lines *lineConn // of a program, nil for an address
	over  chan struct{}
	why   error // once over
}

// news tells of something that happened, once for all that happened meanwhile.
type news struct{ n atomic.Int64 }

// tell calls f beside the caller, after everything that happened before.
func (n *news) tell(f func()) {
	if n.n.Add(1) > 1 {
		return
	}
	go func() { // ends when nothing has happened while f ran
		for {
			seen := n.n.Load()
			f()
			if n.n.CompareAndSwap(seen, 0) {
				return
			}
		}
	}()
}

// Connect starts a server and makes the handshake, within its startup time.
func Connect(ctx context.Context, s Server, o Options) (*Client, error) {
	c := &Client{server: s, opts: o, starting: make(chan struct{}, 1)}
	ss, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	c.session = ss
	return c, nil
}

func (c *Client) connect(ctx context.Context) (*session, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.server.Startup, &TimeoutError{"handshaking with MCP server", c.server.Startup})
	defer cancel()
	first, second := legacyVersion, ""
	if c.server.Command == "" || c.opts.Modern {
		first, second = "", legacyVersion
	}
	ss, err := c.dial(ctx, first)
	if err != nil && ctx.Err() == nil && again(err) {
		if other, err2 := c.dial(ctx, second); err2 == nil {
			return other, nil
		}
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, &HandshakeError{err}
	}
	return ss, nil
}

// again says whether a server that refused one revision of the protocol may take another:
// it answered, but not as we wanted.
func again(err error) bool {
	return answered(err) != nil || errors.Is(err, sdk.ErrSessionMissing)
}

// dial makes one connection.
func (c *Client) dial(ctx context.Context, version string) (*session, error) {
	c.refused.Store(nil)
	transport, err := c.transport(ctx)
	if err != nil {
		return nil, &StartError{err}
	}
	program, _ := transport.(*lineConn)
	client := sdk.NewClient(&sdk.Implementation{Name: "codex-mcp-client", Title: "Codex", Version: c.opts.Version}, c.clientOptions())
	client.AddReceivingMiddleware(c.receive)
	cs, err := client.Connect(ctx, transport, &sdk.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		if program != nil {
			_ = program.Close() // it gives no error
			if gone(err) {
				err = &diedError{err, program.p.obituary()}
			}
		}
		if refused := c.refused.Load(); refused != nil {
			return nil, refused
		}
		return nil, err
	}
	ss := &session{ClientSession: cs, lines: program, over: make(chan struct{})}
	go func() {
		ss.why = cs.Wait()
		close(ss.over)
	}()
	return ss, nil
}

func (c *Client) transport(ctx context.Context) (sdk.Transport, error) {
	if c.server.Command == "" {
		return c.httpTransport(ctx)
	}
	p, err := start(ctx, c.server, c.opts)
	if err != nil {
		return nil, err
	}
	return c.newLineConn(p), nil
}

func (c *Client) clientOptions() *sdk.ClientOptions {
	o := &sdk.ClientOptions{
		Capabilities: &sdk.ClientCapabilities{},
		ToolListChangedHandler: func(context.Context, *sdk.ToolListChangedRequest) {
			if c.opts.Changed != nil {
				c.news.tell(c.opts.Changed)
			}
		},
		ProgressNotificationHandler: func(_ context.Context, r *sdk.ProgressNotificationClientRequest) {
			c.progress.told(fmt.Sprint(r.Params.ProgressToken), Progress{r.Params.Progress, r.Params.Total, r.Params.Message})
		},
	}
	if c.opts.Elicit != nil {
		o.ElicitationHandler = c.elicit
	}
	return o
}

// receive answers questions before the library judges their schema, and those that nobody is
// asked as the protocol says: the library has another code for them.
func (c *Client) receive(next sdk.MethodHandler) sdk.MethodHandler {
	return func(ctx context.Context, method string, r sdk.Request) (sdk.Result, error) {
		if e, ok := r.(*sdk.ElicitRequest); ok && c.opts.Elicit != nil && e.Params != nil {
			return c.elicit(ctx, e)
		}
		if method == "sampling/createMessage" {
			return nil, &WireError{Code: jsonrpc.CodeMethodNotFound, Message: method}
		}
		return next(ctx, method, r)
	}
}

func (c *Client) elicit(ctx context.Context, r *sdk.ElicitRequest) (*sdk.ElicitResult, error) {
	params, err := jsonrpc.Marshal(r.Params)
	if err != nil {
		return nil, err
	}
	c.limits.pause()
	answer, err := c.opts.Elicit(ctx, params)
	c.limits.resume()
	if err != nil {
		return nil, err
	}
	result := &sdk.ElicitResult{}
	if err := json.Unmarshal(answer, result); err != nil {
		return nil, fmt.Errorf("read answer of elicitation: %w", err)
	}
	if result.Action == "accept" {
		fill(result, params)
	}
	return result, nil
}

// fill puts the defaults of the form into an answer, for what the user left out.
func fill(r *sdk.ElicitResult, params json.RawMessage) {
	var form struct {
		Schema struct {
			Properties map[string]struct {
				Default any `json:"default"`
			} `json:"properties"`
		} `json:"requestedSchema"`
	}
	if json.Unmarshal(params, &form) != nil {
		return
	}
	for name, p := range form.Schema.Properties {
		if _, given := r.Content[name]; !given && p.Default != nil {
			if r.Content == nil {
				r.Content = map[string]any{}
			}
			r.Content[name] = p.Default
		}
	}
}

// live gives the session, a new one where the last has ended: one caller makes it, and the
// others wait for that, as long as each may.
func (c *Client) live(ctx context.Context) (*session, error) {
	if ss, err := c.last(); err != nil || !ss.ended() {
		return ss, err
	}
	select {
	case c.starting <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-c.starting }()
	if ss, err := c.last(); err != nil || !ss.ended() { // somebody else has made it
		return ss, err
	}
	ss, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session = ss
	return ss, nil
}

// last gives the session that there was last.
func (c *Client) last() (*session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errClosed
	}
	return c.session, nil
}

func (ss *session) ended() bool {
	select {
	case <-ss.over:
		return true
	default:
		return false
	}
}

// do makes one request, within the time that is given. It is made again where the server
// has forgotten the session, or had gone before, and so did nothing.
func (c *Client) do(ctx context.Context, what string, limit time.Duration, f func(context.Context, *session) error) (json.RawMessage, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer c.limits.begin(limit, func() { cancel(&TimeoutError{"awaiting " + what, limit}) })()
	for try := 0; ; try++ {
		ss, err := c.live(ctx)
		if err != nil {
			return nil, err
		}
		got := &capture{}
		err = f(context.WithValue(ctx, captureKey{}, got), ss)
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case try == 0 && (errors.Is(err, sdk.ErrSessionMissing) || gone(err) && !got.hasLeft()):
			ss.Close()
			<-ss.over
			continue
		case err != nil && !usable(got.get(), err):
			return nil, err
		}
		return got.get(), nil
	}
}

// usable says whether a result is one although the library cannot read it: a kind of content
// that it does not know, an image that is none.
func usable(raw json.RawMessage, err error) bool {
	return raw != nil && answered(err) == nil && !gjson.GetBytes(raw, "inputRequests").Exists()
}

// Close ends the session, and the program of the server with all that is left of its group.
func (c *Client) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.starting <- struct{}{} // what is being started is ended, too
	defer func() { <-c.starting }()
	_ = c.session.Close() // nobody is left to hear of it
}
