package responses

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// wholeIdle is how many times the idle time an answer may take that comes as a whole: a model
// works on it, and nothing is heard of that.
const wholeIdle = 4

// Post asks what lies beside /responses for one JSON answer of at most most bytes; the request
// layer's silent retries are in it. Errors are as those of Stream.
func (c *Client) Post(ctx context.Context, path string, req Request, most int64) (body []byte, err error) {
	err = c.retry(ctx, func(n int) error {
		req.attempt = n - 1
		body, err = c.post(ctx, path, req, most)
		return err
	})
	return body, err
}

func (c *Client) post(ctx context.Context, path string, req Request, most int64) ([]byte, error) {
	rctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer newIdle(wholeIdle*c.ep.IdleTimeout, cancel).stop()
	url := c.ep.URL(path)
	resp, err := c.send(rctx, http.MethodPost, url, req, "*/*")
	if err != nil {
		return nil, c.sendError(ctx, rctx, url, err)
	}
	return c.whole(ctx, rctx, resp, path, most)
}

// whole reads an answer to its end.
func (c *Client) whole(ctx, rctx context.Context, resp *http.Response, path string, most int64) ([]byte, error) {
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return nil, c.responseError(resp)
	}
	body, err := decoded(resp)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(body, most+1))
	switch {
	case err != nil:
		return nil, c.readError(ctx, context.Cause(rctx), err)
	case int64(len(b)) > most:
		return nil, fmt.Errorf("%s: answer over %d bytes", path, most)
	}
	return b, nil
}
