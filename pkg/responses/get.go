package responses

import (
	"context"
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
	b, err := c.whole(ctx, ctx, resp, path, most)
	return b, resp.Header, err
}

// Beside runs f while the client is open; Close ends its context and waits for it.
func (c *Client) Beside(f func(context.Context)) { c.wg.Go(func() { f(c.life) }) }
