package responses

import (
	"bytes"
	"net/http"
	"strings"
	"time"
)

// Observer is told what requests come to. Its methods are called on the goroutine of the
// request.
type Observer interface {
	// Requested tells of an attempt once its answer begins, or there is none.
	Requested(x Exchange)
	// Came tells of an event, and of what it says is wrong; typ is "" when the stream itself
	// has failed. Events with pieces of text are counted instead.
	Came(typ string, took time.Duration, err error)
	// Deltas counts them when an answer is over, by type.
	Deltas(kinds map[string]int)
}

// Exchange is one attempt.
type Exchange struct {
	Path    string // behind the base URL
	Command bool   // no HTTP
	Attempt int    // from 0
	Took    time.Duration
	Status  int // 0 without an answer
	Err     error
	// Authorized says that there was a credential.
	Authorized bool
	RequestID  string
	Ray        string
}

// WithObserver has an observer told.
func WithObserver(o Observer) Option { return func(c *Client) { c.observer = o } }

// requested tells of an attempt over HTTP. An error has no address, which may be secret.
func (c *Client) requested(r *http.Request, attempt int, begun time.Time, resp *http.Response, err error) {
	if c.observer == nil {
		return
	}
	path := "/" + strings.TrimPrefix(strings.TrimPrefix(bare(r.URL), strings.TrimRight(strings.SplitN(c.ep.BaseURL, "?", 2)[0], "/")), "/")
	x := Exchange{Path: path, Attempt: attempt, Took: time.Since(begun), Authorized: r.Header.Get("Authorization") != ""}
	if err != nil {
		x.Err = unwrapped(err)
	} else {
		x.Status, x.RequestID, x.Ray = resp.StatusCode, resp.Header.Get("x-request-id"), resp.Header.Get("cf-ray")
	}
	c.observer.Requested(x)
}

// watched is what an observer is told about one answer.
type watched struct {
	o      Observer
	last   time.Time
	deltas map[string]int
}

// watch begins to watch an answer.
func (c *Client) watch() watched { return watched{o: c.observer, last: time.Now()} }

// came takes an event by its type; o is not nil.
func (w *watched) came(typ []byte) {
	now := time.Now()
	took := now.Sub(w.last)
	w.last = now
	if bytes.HasSuffix(typ, []byte(".delta")) {
		if w.deltas == nil {
			w.deltas = map[string]int{}
		}
		if n, ok := w.deltas[string(typ)]; ok || len(w.deltas) < 64 { // a server has any number of names
			w.deltas[string(typ)] = n + 1
		}
		return
	}
	if !failure(typ) { // told when it is known what is wrong
		w.o.Came(valid(string(typ[:min(len(typ), 200)])), took, nil)
	}
}

// failed takes the event that ends an answer with an error.
func (w *watched) failed(typ string, err error) {
	if w.o != nil {
		w.o.Came(typ, time.Since(w.last), err)
	}
}

// over ends the answer.
func (w *watched) over() {
	if w.o != nil && len(w.deltas) > 0 {
		w.o.Deltas(w.deltas)
	}
}

// failure says whether an event of the type ends an answer with an error.
func failure(typ []byte) bool {
	switch string(typ) {
	case "response.failed", "response.cancelled", "response.incomplete", "error", "response.error":
		return true
	}
	return fault(typ)
}
