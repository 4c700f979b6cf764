package model

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
	"codex/pkg/responses"
)

// localServer is a model server on this machine.
type localServer struct {
	base   string // with the path, such as /v1
	http   *http.Client
	getenv func(string) string
	env    []string
	stderr io.Writer
	self   string // file of this program
}

func newLocalServer(base string, s Streams) (*localServer, error) {
	base = strings.TrimRight(base, "/")
	h, err := responses.HTTPClient(base, s.getenv)
	return &localServer{base, h, s.getenv, s.Env, s.Stderr, s.Self}, err
}

// root is the address without the path of the API.
func (l *localServer) root() string { return strings.TrimSuffix(l.base, "/v1") }

// statusError is an answer that is none.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("%d %s", int(e), http.StatusText(int(e))) }

// get reads an answer that takes no work.
func (l *localServer) get(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, probeWait)
	defer cancel()
	body, err := l.ask(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	b, err := io.ReadAll(io.LimitReader(body, maxLocal))
	if err == nil {
		err = jsonrpc.Check(b)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", url, err)
	}
	return b, nil
}

// names gives the names in a list of models.
func (l *localServer) names(ctx context.Context, path, members string) ([]string, error) {
	b, err := l.get(ctx, l.root()+path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, n := range gjson.GetBytes(b, members).Array() {
		names = append(names, n.Str)
	}
	return names, nil
}

func (l *localServer) post(ctx context.Context, url string, v any) (io.ReadCloser, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return l.ask(ctx, http.MethodPost, url, b)
}

func (l *localServer) ask(ctx context.Context, method, url string, body []byte) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := l.http.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode/100 != 2 {
		res.Body.Close()
		return nil, statusError(res.StatusCode)
	}
	return res.Body, nil
}
