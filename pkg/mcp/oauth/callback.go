package oauth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/modelcontextprotocol/go-sdk/auth"

	"codex/pkg/browser"
)

// KnownCallback is the callback of a client that is known beforehand, but for its port.
const KnownCallback = "http://127.0.0.1" + callbackPath

const callbackPath = "/callback"

// callback is the address that the browser comes back to.
type callback struct {
	url  string
	path string
	ln   net.Listener
	come chan url.Values
}

// listen makes one. A fixed address is the settings': it leads here by ways of their own. Of a
// client that is known beforehand the path is known as well: its port may be any, by RFC 8252.
func listen(ctx context.Context, port uint16, fixed string, known bool) (*callback, error) {
	cb := &callback{come: make(chan url.Values, 1), path: callbackPath}
	if !known {
		cb.path += "/" + rand.Text()[:12]
	}
	host := "127.0.0.1"
	if fixed != "" {
		u, err := url.Parse(fixed)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("mcp_oauth_callback_url %q is no address", fixed)
		}
		if cb.path = u.Path; cb.path == "" {
			cb.path = "/"
		}
		if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
			host = "0.0.0.0" // it is reached from elsewhere
		}
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", net.JoinHostPort(host, fmt.Sprint(port)))
	if err != nil {
		return nil, fmt.Errorf("listen for the browser: %w", err)
	}
	cb.ln = ln
	if cb.url = fixed; fixed == "" {
		cb.url = fmt.Sprintf("http://127.0.0.1:%d%s", ln.Addr().(*net.TCPAddr).Port, cb.path)
	}
	return cb, nil
}

// RefusedError is what the authorization server said instead of giving a code.
type RefusedError struct{ Code, Text string }

func (e *RefusedError) Error() string {
	if e.Text != "" {
		return fmt.Sprintf("OAuth provider returned `%s`: %s", e.Code, e.Text)
	}
	return fmt.Sprintf("OAuth provider returned `%s`", e.Code)
}

// wait shows the address, and waits for the browser to come back with this state: who knows
// it not is somebody else.
func (cb *callback) wait(ctx context.Context, state string, show func()) (*auth.AuthorizationResult, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, callbackTime, errors.New("timed out waiting for OAuth callback"))
	defer cancel()
	defer browser.Serve(cb.ln, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { cb.serve(w, r, state) }))()
	show()
	select {
	case q := <-cb.come:
		if code := q.Get("error"); code != "" {
			return nil, &RefusedError{code, q.Get("error_description")}
		}
		return &auth.AuthorizationResult{Code: q.Get("code"), State: q.Get("state"), Iss: q.Get("iss")}, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (cb *callback) serve(w http.ResponseWriter, r *http.Request, state string) {
	q := r.URL.Query()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch {
	case r.Method != http.MethodGet || r.URL.Path != cb.path || q.Get("state") != state || q.Get("code") == "" && q.Get("error") == "":
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintln(w, "Invalid OAuth callback")
		return
	case q.Get("error") != "":
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintln(w, "Authentication failed. See the terminal.")
	default:
		fmt.Fprintln(w, "You are logged in, and this page is no longer needed.")
	}
	select {
	case cb.come <- q:
	default: // it comes a second time
	}
}

func (cb *callback) close() { cb.ln.Close() }
