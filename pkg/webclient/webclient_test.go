package webclient

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestRedirect: a redirect is followed where the request stays what it is, and on its server.
func TestRedirect(t *testing.T) {
	reached := ""
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { reached = r.URL.String() }))
	defer elsewhere.Close()
	here := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/there" {
			reached = r.Method + " there"
			return
		}
		status := map[string]int{"/301": 301, "/302": 302, "/303": 303, "/307": 307, "/308": 308}[r.URL.Path]
		w.Header().Set("Location", r.URL.Query().Get("to"))
		w.WriteHeader(status)
	}))
	defer here.Close()
	with := strings.Replace(here.URL, "http://", "http://user:word@", 1)
	confined := &http.Transport{Proxy: Confined}
	clients := map[string]*http.Client{"redirect": {CheckRedirect: Redirect}, "refuse": {CheckRedirect: Refuse}, "confined": {Transport: confined}}
	for name, c := range clients {
		for _, method := range []string{"GET", "POST"} {
			for _, status := range []string{"301", "302", "303", "307", "308"} {
				for to, ok := range map[string]bool{"/there": method == "GET" || status > "303", here.URL + "/there": method == "GET" || status > "303", elsewhere.URL + "/x": false,
					strings.Replace(here.URL, "http:", "https:", 1) + "/there": false, with + "/there": false, "//" + elsewhere.Listener.Addr().String() + "/x": false,
					"file:///etc/passwd": false, "unix:///run/x": false, "data:,x": false, "/" + status + "?to=%2F" + status: false} {
					reached = ""
					r, err := http.NewRequest(method, here.URL+"/"+status, strings.NewReader("body"))
					if err != nil {
						t.Fatal(err)
					}
					q := r.URL.Query()
					q.Set("to", to)
					r.URL.RawQuery = q.Encode()
					r.Header.Set("Authorization", "Bearer secret")
					r.Header.Set("X-Key", "secret")
					resp, err := c.Do(r)
					if err == nil {
						resp.Body.Close()
					}
					if got := reached == method+" there"; got != ok || !ok && reached != "" {
						t.Errorf("%s: %s %s to %s reaches %q: %v", name, method, status, to, reached, err)
					}
				}
			}
		}
	}
	confined.CloseIdleConnections()
}

// TestProxy: the password of a proxy is in no error.
func TestProxy(t *testing.T) {
	r := httptest.NewRequest("GET", "http://example.com", nil)
	r.Response = &http.Response{Request: httptest.NewRequest("GET", "https://example.com", nil)}
	if _, err := Confined(r); !errors.Is(err, ErrElsewhere) {
		t.Error(err)
	}
}
