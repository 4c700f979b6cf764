package responses

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Get asks for what lies beside /responses, once, with a further query, and gives an answer of
// at most most bytes.
func (c *Client) Get(ctx context.Context, path, query string, header [][2]string, most int64) ([]byte, http.Header, error) {
	url := c.ep.URL(path)
	sep := "?"
	if strings.Contains(url, "?") {
		sep = "&"
	}
	url += sep + query
	resp, err := c.send(ctx, http.MethodGet, url, Request{Header: header}, "application/json")
	if err != nil {
		return nil, nil, c.sendError(ctx, ctx, url, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return nil, nil, c.responseError(resp)
	}
	body, err := decoded(resp)
	if err != nil {
		return nil, nil, err
	}
	b, err := io.ReadAll(io.LimitReader(body, most+1))
	switch {
	case err != nil:
		return nil, nil, c.readError(ctx, nil, err)
	case int64(len(b)) > most:
		return nil, nil, fmt.Errorf("%s: answer over %d bytes", path, most)
	}
	return b, resp.Header, nil
}

// Beside runs f while the client is open; Close ends its context and waits for it.
func (c *Client) Beside(f func(context.Context)) { c.wg.Go(func() { f(c.life) }) }
