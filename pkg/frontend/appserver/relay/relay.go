package relay

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Words of a Status.
const (
	Connecting = "connecting"
	Connected  = "connected"
	Errored    = "errored"
)

// Status is how the connection to the relay is.
type Status struct {
	Connection    string
	EnvironmentID string // "" before an enrolment
	Reason        string // of Errored
}

// Credentials are what the relay knows the user by.
type Credentials struct {
	Bearer    string
	AccountID string // "" for a relay that has no accounts
}

func (c Credentials) header() http.Header {
	h := http.Header{}
	h.Set("Authorization", "Bearer "+c.Bearer)
	if c.AccountID != "" {
		h.Set("Chatgpt-Account-Id", c.AccountID)
	}
	return h
}

// Options are everything a Relay needs from outside.
type Options struct {
	// URL is the base of the relay's addresses. Own tells that it is a relay of the
	// user's own, with credentials of its own, and not the service.
	URL string
	Own bool
	// Credentials gives those of the moment, or why there are none.
	Credentials func() (Credentials, error)
	// Name is this machine's, InstallationID this home's.
	Name, InstallationID, Version, OS, Arch string
	// File keeps the enrolments.
	File string
	// Accept serves a client until its stream ends. It is called once a client, each in a
	// goroutine of its own.
	Accept func(*Stream)
	// Status is told each change, one at a time.
	Status func(Status)
	Log    *log.Logger
	// Client, Now and Backoff have defaults. Backoff is how long to wait after so many
	// failures in a row.
	Client  *http.Client
	Now     func() time.Time
	Backoff func(failures int) time.Duration
}

// Relay is a connection to a relay.
type Relay struct {
	opts Options
	hub  *hub
	kick chan struct{}

	mu     sync.Mutex
	status Status
	logged string // reason that was told last
}

// New prepares a relay. Without credentials its status says so at once.
func New(o Options) *Relay {
	if o.Client == nil {
		o.Client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Backoff == nil {
		o.Backoff = Backoff
	}
	r := &Relay{opts: o, hub: newHub(o.Accept, o.Now), kick: make(chan struct{}, 1), status: Status{Connection: Connecting}}
	if _, _, err := r.ready(); err != nil {
		r.status = Status{Connection: Errored, Reason: err.Error()}
	}
	return r
}

// Backoff grows from 200 ms to half a minute, a tenth more or less.
func Backoff(failures int) time.Duration {
	d := 30 * time.Second
	if n := max(failures-1, 0); n < 8 {
		d = min(d, 200*time.Millisecond<<n)
	}
	return time.Duration(float64(d) * (0.9 + 0.2*rand.Float64()))
}

// Now gives the status.
func (r *Relay) Now() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

// Kick tries again without waiting: credentials may have changed.
func (r *Relay) Kick() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

func (r *Relay) set(s Status) {
	r.mu.Lock()
	if s.EnvironmentID == "" {
		s.EnvironmentID = r.status.EnvironmentID
	}
	same := r.status == s
	r.status = s
	tell := s.Reason != "" && s.Reason != r.logged
	if tell || s.Connection == Connected {
		r.logged = s.Reason
	}
	r.mu.Unlock()
	if tell {
		r.opts.Log.Printf("remote control: %s", s.Reason)
	}
	if !same {
		r.opts.Status(s)
	}
}

// ready gives what is needed before the network is.
func (r *Relay) ready() (target, Credentials, error) {
	t, err := parseTarget(r.opts.URL, r.opts.Own)
	if err != nil {
		return target{}, Credentials{}, err
	}
	cred, err := r.opts.Credentials()
	return t, cred, err
}

// Run holds the connection until ctx ends, and then ends the clients.
func (r *Relay) Run(ctx context.Context) {
	defer r.hub.shut()
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(stop)
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-sweep.C:
				r.hub.sweep()
			}
		}
	})
	for failures := 0; ctx.Err() == nil; {
		connected, err := r.once(ctx)
		if ctx.Err() != nil {
			return
		}
		if connected {
			failures = 0
		}
		failures++
		r.set(Status{Connection: Errored, Reason: err.Error()})
		wait := time.NewTimer(r.opts.Backoff(failures))
		select {
		case <-ctx.Done():
		case <-wait.C:
		case <-r.kick:
			failures = 0
		}
		wait.Stop()
	}
}

// once connects and serves until the connection ends, and says whether there was one.
func (r *Relay) once(ctx context.Context) (bool, error) {
	t, cred, err := r.ready()
	if err != nil {
		return false, err
	}
	r.set(Status{Connection: Connecting})
	e := r.recall(t, cred.AccountID)
	for fresh := e == nil; ; fresh = true {
		if e == nil {
			if e, err = r.enrol(ctx, t, cred); err != nil {
				return false, err
			}
		}
		c, err := r.dial(ctx, t, cred, e)
		if statusOf(err) == http.StatusNotFound && !fresh { // the relay does not know us any more
			if err := r.forget(e); err != nil {
				return false, err
			}
			e = nil
			continue
		}
		if err != nil {
			return false, err
		}
		r.set(Status{Connection: Connected, EnvironmentID: e.EnvironmentID})
		return true, r.tunnel(ctx, c)
	}
}

// dial opens the websocket.
func (r *Relay) dial(ctx context.Context, t target, cred Credentials, e *enrolment) (*websocket.Conn, error) {
	if err := r.renew(ctx, t, cred, e); err != nil {
		return nil, err
	}
	cred.Bearer = cmp.Or(e.token, cred.Bearer)
	h := cred.header()
	h.Set("X-Codex-Server-Id", e.ServerID)
	h.Set("X-Codex-Name", base64.StdEncoding.EncodeToString([]byte(e.Name)))
	h.Set("X-Codex-Protocol-Version", "3")
	h.Set("X-Codex-Installation-Id", r.opts.InstallationID)
	r.hub.mu.Lock()
	if r.hub.cursor != "" {
		h.Set("X-Codex-Subscribe-Cursor", r.hub.cursor)
	}
	r.hub.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	c, res, err := websocket.Dial(ctx, t.socket, &websocket.DialOptions{HTTPClient: r.opts.Client, HTTPHeader: h, CompressionMode: websocket.CompressionDisabled})
	if err == nil {
		c.SetReadLimit(frameMost)
		return c, nil
	}
	if res != nil && res.StatusCode != http.StatusSwitchingProtocols {
		return nil, &statusError{res.StatusCode, fmt.Sprintf("remote control websocket refused at `%s`: HTTP %s", t.socket, res.Status)}
	}
	return nil, fmt.Errorf("remote control websocket at `%s`: %w", t.socket, err)
}

const (
	frameMost = 16 << 20         // bytes of a frame that comes
	pingEvery = 10 * time.Second // and the answer must come within pongTime
	pongTime  = time.Minute
	writeTime = time.Minute
)

// tunnel passes envelopes on until the websocket or ctx ends.
func (r *Relay) tunnel(ctx context.Context, c *websocket.Conn) error {
	ctx, cancel := context.WithCancelCause(ctx)
	h := r.hub
	h.mu.Lock()
	h.sent = 0 // what has no acknowledgement goes again
	h.mu.Unlock()
	wake := context.AfterFunc(ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.cond.Broadcast()
	})
	defer wake()
	var wg sync.WaitGroup
	wg.Go(func() { cancel(r.write(ctx, c)) })
	wg.Go(func() { cancel(ping(ctx, c)) })
	err := r.read(ctx, c)
	cancel(err)
	c.CloseNow()
	wg.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	return err
}

func (r *Relay) read(ctx context.Context, c *websocket.Conn) error {
	for {
		kind, data, err := c.Read(ctx)
		if err != nil {
			return fmt.Errorf("remote control connection: %s", strings.TrimPrefix(err.Error(), "failed to get reader: "))
		}
		if kind != websocket.MessageText {
			continue
		}
		e, err := parseEnvelope(data)
		if err == nil {
			err = r.hub.receive(e)
		}
		if err != nil {
			r.opts.Log.Printf("remote control: left out %v", err)
		}
	}
}

// write sends frames in order; h.sent says how far it is.
func (r *Relay) write(ctx context.Context, c *websocket.Conn) error {
	h := r.hub
	for {
		h.mu.Lock()
		for len(h.extra) == 0 && h.sent >= len(h.frames) && ctx.Err() == nil {
			h.cond.Wait()
		}
		var f *frame
		switch {
		case ctx.Err() != nil:
			h.mu.Unlock()
			return ctx.Err()
		case len(h.extra) > 0:
			f, h.extra = h.extra[0], h.extra[1:]
		default:
			f = h.frames[h.sent]
		}
		h.mu.Unlock()
		wctx, cancel := context.WithTimeout(ctx, writeTime)
		err := c.Write(wctx, websocket.MessageText, f.data)
		cancel()
		if err != nil {
			return fmt.Errorf("remote control connection: %w", err)
		}
		h.mu.Lock()
		if h.sent < len(h.frames) && h.frames[h.sent] == f { // and not acknowledged yet
			h.sent++
		}
		h.cond.Broadcast() // for Flush
		h.mu.Unlock()
	}
}

func ping(ctx context.Context, c *websocket.Conn) error {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		pctx, cancel := context.WithTimeout(ctx, pongTime)
		err := c.Ping(pctx)
		cancel()
		if err != nil {
			return fmt.Errorf("remote control connection: no answer to a ping: %w", err)
		}
	}
}

// Flush waits until what was written has been acknowledged, for what is only sent can get
// lost with the connection. It does so as long as ctx lasts and there is a connection.
func (r *Relay) Flush(ctx context.Context) {
	h := r.hub
	wake := context.AfterFunc(ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.cond.Broadcast()
	})
	defer wake()
	h.mu.Lock()
	defer h.mu.Unlock()
	for ctx.Err() == nil && len(h.frames) > 0 && r.Now().Connection == Connected {
		h.cond.Wait()
	}
}
