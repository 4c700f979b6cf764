package responses

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// maxUnary bounds an answer that is not a stream.
const maxUnary = 256 << 20

// Compact posts to /responses/compact, which answers with {"output":[items]}. Only the
// request layer retries.
func (c *Client) Compact(ctx context.Context, req Request) ([]byte, error) {
	return c.unary(ctx, http.MethodPost, "/responses/compact", "", req)
}

// Models gets /models; query, k=v&k=v, follows the endpoint's own.
func (c *Client) Models(ctx context.Context, req Request, query string) ([]byte, error) {
	return c.unary(ctx, http.MethodGet, "/models", query, req)
}

func (c *Client) unary(ctx context.Context, method, path, query string, req Request) ([]byte, error) {
	if len(c.ep.Command) > 0 {
		return nil, fmt.Errorf("%s: a model command answers no such request", path)
	}
	var body []byte
	err := c.retry(ctx, func() error {
		url := c.ep.URL(path)
		if query != "" && c.ep.Query != "" {
			url += "&" + query
		} else if query != "" {
			url += "?" + query
		}
		resp, err := c.send(ctx, method, url, req, "*/*")
		if err != nil {
			return c.sendError(ctx, ctx, url, err)
		}
		defer resp.Body.Close()
		if resp.StatusCode/100 != 2 {
			return c.responseError(resp)
		}
		plain, err := decoded(resp)
		if err != nil {
			return c.readError(ctx, nil, err)
		}
		body, err = io.ReadAll(io.LimitReader(plain, maxUnary+1))
		if err == nil && len(body) > maxUnary {
			err = errEventTooLong
		}
		if err != nil {
			return c.readError(ctx, nil, err)
		}
		return nil
	})
	return body, err
}
