// Package responses is the client of the Responses API: it sends one request and hands
// on the events of the answer, over HTTP with server-sent events or from a command that
// reads the request as a line and writes the events as lines.
//
// It knows the stream: which event ends it, what an error is called, which failures the
// request layer repeats silently, and what servers that imitate the API leave out: an
// item that came in pieces only, or only at the end, is handed on as one of the API's own.
// It does not know turns: history, tools and the visible retries (`Reconnecting... n/5`)
// belong to its caller.
//
// An event is handed on from the read buffer without a copy, so that a reply of many
// small deltas costs a scan for its line ends and little more.
package responses

import (
	"cmp"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/rustlog"
	"codex/pkg/watchdog"
)

const (
	// DefaultIdleTimeout is the default of the provider setting of that name.
	DefaultIdleTimeout = 300 * time.Second
	// MaxRetries caps the settings of retries.
	MaxRetries = 100
)

// Endpoint says where a model is and how patient its client is.
type Endpoint struct {
	// BaseURL is the part before /responses; slashes at its end don't matter.
	BaseURL string
	// Absent is the error when nobody listens there, and that it is final; "" where it may be
	// the network's.
	Absent string
	// Sign, when not nil, is called for each attempt once the request is whole, and may
	// change its host and headers. Its error ends the attempt; an *Error is handed on.
	Sign func(r *http.Request, body []byte) error
	// Query is appended to the URL as it is, after a question mark: k=v&k=v.
	Query string
	// Header goes out with every request.
	Header map[string][]string
	// Command, when not empty, is started for each request instead of HTTP.
	Command []string
	// Self is the file of this program, which calls watchdog.Init: run once more, it ends
	// the command's process group if we are killed. "" for none.
	Self string
	// Dir is the folder the command runs in; empty means this process's own.
	Dir string
	// Env is the environment as K=V: the command gets it, and HTTP looks the CA file up
	// in it (CODEX_CA_CERTIFICATE, then SSL_CERT_FILE). Nil means this process's own.
	Env []string
	// RequestMaxRetries counts silent repeats after a 5xx status or a network error.
	// Zero means none; values over MaxRetries are cut.
	RequestMaxRetries int
	// StreamMaxRetries is for the caller, who repeats the whole sampling request.
	StreamMaxRetries int
	// IdleTimeout bounds the time in which nothing comes: no event, and no comment. Zero
	// means DefaultIdleTimeout, a negative value no limit.
	IdleTimeout time.Duration
	// Record gets the JSON of every event as one line, skipped events included. Nil for
	// none; an error of its Write ends the stream. If it has a Flush method as a
	// bufio.Writer does, that is called before each wait for more events.
	Record io.Writer
}

// Request is one sampling request.
type Request struct {
	// Body is the whole JSON body, already compressed if Header says so.
	Body []byte
	// Header holds name-value pairs for this request; they win over Endpoint.Header.
	Header [][2]string
	// Authorization, when not nil, gives that header of each attempt: what is signed with a time
	// in it must not have waited.
	Authorization func() string

	attempt int // from 0
}

// Event is one event of the answer, valid until the callback returns.
type Event struct {
	// Type is the value of the JSON's own "type"; the SSE event field counts where there
	// is none.
	Type string
	// Data is the JSON. It lies in the read buffer: copy what is to be kept.
	Data []byte
	// Item is the item of an output_item.done. It may be megabytes, and is parsed once; it
	// is no part of the read buffer.
	Item gjson.Result
}

// Meta is what the response headers say beside the status.
type Meta struct {
	TurnState         string // x-codex-turn-state, to be echoed within the turn
	Model             string // openai-model
	ModelsETag        string // x-models-etag
	RequestID         string // x-request-id
	ReasoningIncluded bool   // x-reasoning-included is there
	// RateLimits is the codex family; over HTTP never nil, with nil windows when the
	// server sent none.
	RateLimits *RateLimits
	// OtherLimits are the further families, x-<limit-id>-primary-used-percent.
	OtherLimits []*RateLimits
	// Header is all of them.
	Header http.Header
}

// Client makes requests of one endpoint. Several may run at once.
type Client struct {
	// Skip, when set, is asked first about each event by its type, before anything else
	// is parsed; true drops the event. The type lies in the read buffer. The client
	// still sees what it needs itself. Set it before the first Stream.
	Skip func(typ []byte) bool

	ep    Endpoint
	sleep func(context.Context, time.Duration) error
	rnd   func() float64
	now   func() time.Time
	log   *rustlog.Log

	observer Observer // nil for none

	httpOnce sync.Once
	http     *http.Client
	httpErr  error

	guard watchdog.Guard // of commands

	life context.Context // ends with Close: what still drains or reaps stops then
	end  context.CancelFunc
	wg   sync.WaitGroup
}

// Option changes how a client waits and reads the clock.
type Option func(*Client)

// WithClock sets the clock that usage limit texts name a time by.
func WithClock(f func() time.Time) Option { return func(c *Client) { c.now = f } }

// WithLog sets where requests are noted, without what is secret in them.
func WithLog(l *rustlog.Log) Option { return func(c *Client) { c.log = l } }

// NewClient makes a client. It connects to nothing and reads no file yet.
func NewClient(ep Endpoint, opts ...Option) *Client {
	ep.RequestMaxRetries = min(max(ep.RequestMaxRetries, 0), MaxRetries)
	ep.IdleTimeout = cmp.Or(ep.IdleTimeout, DefaultIdleTimeout)
	c := &Client{ep: ep, sleep: Sleep, rnd: rand.Float64, now: time.Now}
	c.life, c.end = context.WithCancel(context.Background())
	for _, o := range opts {
		o(c)
	}
	return c
}

// Close ends what the client still has open: idle connections, and commands that have
// answered but not left. Streams that run are not ended; their context does that.
func (c *Client) Close() {
	c.end()
	c.wg.Wait()
	c.guard.Close()
	if c.http != nil {
		c.http.CloseIdleConnections()
	}
}

// Stream makes one sampling attempt, silent retries of the request layer included. It
// calls onMeta (which may be nil) once when the response headers are there and onEvent
// for each event that Skip lets pass, both on the caller's goroutine. Every item of the
// response comes as a response.output_item.done, whatever the server sent, and all of them
// before response.completed. It returns nil after that, which ends the reading at once;
// the error of onEvent as it is; the context's cause when ctx ends; else an *Error.
func (c *Client) Stream(ctx context.Context, req Request, onMeta func(Meta), onEvent func(Event) error) error {
	if onMeta == nil {
		onMeta = func(Meta) {}
	}
	attempt := c.streamHTTP
	if len(c.ep.Command) > 0 {
		attempt = c.streamCommand
	}
	return c.retry(ctx, func(n int) error {
		req.attempt = n - 1
		return attempt(ctx, req, onMeta, onEvent)
	})
}

// silentWait is how long the request layer waits because a server asked for it. A longer
// wait is for the caller, who says so, once the quick repeats are used up.
const silentWait = 10 * time.Second

// retry is the request layer: it repeats what failed with a 5xx status or on the network
// before the first event, not sooner than the server says if that is soon.
func (c *Client) retry(ctx context.Context, attempt func(n int) error) error {
	for n := 1; ; n++ {
		err := attempt(n)
		e, ok := err.(*Error)
		if !ok || !e.again || n > c.ep.RequestMaxRetries {
			return err
		}
		c.log.Warn("request failed, and is made again", "attempt", n, "error", e.Message)
		wait := Backoff(n, c.rnd)
		if e.RetryAfter <= silentWait {
			wait = max(wait, e.RetryAfter)
		}
		if err := c.sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// Backoff is the wait before the n-th repeat, n from 1: 200ms·2^(n-1), 10 % more or
// less as rnd in [0,1) says. A nil rnd means no jitter.
func Backoff(n int, rnd func() float64) time.Duration {
	d := 200 * time.Millisecond
	if n < 1 {
		return d
	}
	d <<= min(n-1, 30)
	if rnd == nil {
		return d
	}
	return time.Duration(float64(d) * (0.9 + 0.2*rnd()))
}

// Sleep waits for d, or for ctx, whose cause it then returns.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
